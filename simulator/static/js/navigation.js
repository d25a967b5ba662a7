/** The left navigation: new chat, saved chats, settings, account. */

import { el, fill, icon, msButton } from './dom.js';
import { menuItem } from './turn-actions.js';

export class Navigation {
  constructor(app) {
    this.app = app;
    this.prompts = [];
    this.list = el('div', { class: 'prompt-list' });
    this.host = el(
      app.era('E6') ? 'ms-navbar-v2' : 'ms-navbar',
      {},
      el('nav', { 'aria-label': 'Main' }, this.#brand(), this.#links(), this.list, this.#foot()),
    );
    document.body.classList.toggle('x-nav-closed', app.preferences.get('isNavbarExpanded') === false);
    app.chat.changed.on(() => this.show());
  }

  #brand() {
    return el(
      'div',
      { class: 'brand' },
      el('img', { src: '/static/favicon.svg', alt: '', width: 26, height: 26 }),
      el('span', { class: 'brand-name', text: 'AI Studio' }),
      el('span', { class: 'brand-tag', text: 'simulator' }),
    );
  }

  #links() {
    const { app } = this;
    const fresh = this.#link('/prompts/new_chat', 'add', app.faults.word('new_chat', 'New chat'), () =>
      app.chat.leaveTo(() => app.chat.startNew()),
    );
    const library = this.#link('/library', 'library', 'Library', () =>
      app.chat.leaveTo(() => app.router.show('/library')),
    );
    return el('div', { class: 'nav-links' }, app.faults.mark('new_chat', fresh), library);
  }

  /** Plain left clicks stay inside the app. */
  #link(href, ligature, text, go, className = 'nav-link') {
    const click = (event) => {
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go();
    };
    return el(
      'a',
      { href, class: className, on: { click } },
      ligature ? icon(ligature) : null,
      el('span', { class: 'link-text', text }),
    );
  }

  #foot() {
    const { account } = this.app.boot;
    const name = account?.name ?? 'Account';
    const gear = msButton(
      {
        variant: 'borderless',
        label: 'Settings',
        'data-test-id': 'settings-menu',
        'aria-haspopup': 'menu',
        'aria-expanded': 'false',
        on: { click: () => this.app.tick(() => this.#openSettings(gear)) },
      },
      icon('settings'),
      el('span', { text: 'Settings' }),
    );
    const who = el(
      'div',
      {
        class: 'button-container',
        role: 'button',
        tabindex: '0',
        'aria-label': `Google Account: ${name} (${account?.email ?? ''})`,
      },
      el('span', { class: 'avatar', text: name.slice(0, 1).toUpperCase() }),
      el('span', { class: 'account-switcher-text', text: account?.email ?? '' }),
    );
    return el(
      'div',
      { class: 'nav-foot' },
      el('ms-settings-menu', {}, gear),
      el('ms-account-switcher', {}, el('div', { id: 'account-switcher-button', class: 'container' }, who)),
      el('p', {
        class: 'simulator-note',
        text: 'A simulator for tests. Not a Google product; nothing leaves this computer.',
      }),
    );
  }

  #openSettings(trigger) {
    if (this.app.overlays.anyOpen) return;
    const { preferences } = this.app;
    const option = (ligature, text, on, run) =>
      menuItem(
        ligature,
        text,
        '',
        () => {
          pane.close();
          run();
        },
        {},
        on ? icon('check', 'x-end') : null,
      );
    const theme = (value, ligature, text) =>
      option(ligature, text, preferences.get('theme') === value, () => this.app.setTheme(value));
    const ctrl = preferences.get('enterKeyBehavior') === 2;
    const enter = (value) => () => {
      preferences.set('enterKeyBehavior', value);
      this.app.promptBox.sync();
    };
    const autosave = preferences.get('autosaveEnabled') !== false;
    const pane = this.app.overlays.menu(trigger, [
      theme('light', 'light_mode', 'Light theme'),
      theme('dark', 'dark_mode', 'Dark theme'),
      theme('system', 'tune', 'System theme'),
      option('keyboard_return', 'Enter runs the prompt', !ctrl, enter(1)),
      option('keyboard_command_key', 'Ctrl + Enter runs the prompt', ctrl, enter(2)),
      option('save', 'Save chats automatically', autosave, () => preferences.set('autosaveEnabled', !autosave)),
    ]);
  }

  /** `prompts` are `{id, title}`, newest first. */
  load(prompts) {
    this.prompts = prompts;
    this.show();
  }

  addPrompt(prompt) {
    this.prompts = [prompt, ...this.prompts.filter((item) => item.id !== prompt.id)];
    this.show();
  }

  show() {
    const { app } = this;
    const links = this.prompts.slice(0, 12).map(({ id, title }) => {
      const link = this.#link(
        `/prompts/${id}`,
        null,
        title,
        () => app.chat.leaveTo(() => app.openPrompt(id)),
        'prompt-link',
      );
      link.classList.toggle('active', id === app.chat.saver.id);
      return link;
    });
    fill(this.list, links.length > 0 ? el('p', { class: 'list-title', text: 'Recent' }) : null, links);
  }

  toggle() {
    const closed = document.body.classList.toggle('x-nav-closed');
    document.body.classList.toggle('x-nav-open', !closed);
    this.app.preferences.set('isNavbarExpanded', !closed);
  }
}
