/** ms-toolbar: title, temporary chat, new chat, overflow menu, run-settings toggle. */

import { el, fill, icon, msButton, setDisabled } from './dom.js';
import { mutated } from './mutations.js';
import { menuItem } from './turn-actions.js';

export class Toolbar {
  constructor(app) {
    this.app = app;
    this.title = el('h1', { class: 'mode-title', text: 'Chat prompt' });
    this.indicator = el('div', { class: 'incognito-slot' });
    this.newChat = this.#newChatButton();
    this.inToolbar = !app.era('E5') || mutated('temporary_in_toolbar');
    this.toggle = this.inToolbar ? this.#temporaryToggle() : null;
    this.more = msButton({
      variant: 'icon borderless',
      label: 'View more actions',
      ligature: 'more_vert',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      on: { click: () => app.tick(() => this.#openMenu()) },
    });
    this.settings = msButton({
      variant: 'icon borderless',
      class: 'runsettings-toggle-button',
      label: 'Toggle run settings panel',
      ligature: 'tune',
      on: { click: () => app.panel.toggle() },
    });
    this.host = el('ms-toolbar', {}, el('div', { class: 'toolbar-container' }, this.#left(), this.#right()));
    app.chat.changed.on(() => this.sync());
    this.sync();
  }

  #left() {
    const menu = msButton({
      variant: 'icon borderless',
      class: 'x-nav-toggle',
      label: 'Expand or collapse navigation menu',
      ligature: 'menu',
      on: { click: () => this.app.navigation.toggle() },
    });
    return el(
      'div',
      { class: 'toolbar-left' },
      menu,
      el('div', { class: 'page-title' }, this.title),
      this.indicator,
    );
  }

  #right() {
    const raw = msButton({
      variant: 'icon borderless',
      label: 'Toggle raw mode',
      'data-test-raw-mode': true,
      ligature: 'code',
      'aria-pressed': 'false',
      on: { click: () => this.#raw(raw) },
    });
    return el(
      'div',
      { class: 'toolbar-right' },
      raw,
      this.toggle,
      this.newChat,
      el('div', { class: 'overflow-menu-wrapper' }, this.more),
      this.settings,
    );
  }

  #newChatButton() {
    const { app } = this;
    const button = msButton({
      variant: 'icon borderless',
      label: 'New chat',
      ligature: 'add',
      iconname: 'add',
      'data-test-clear': 'outside',
      on: { click: () => app.chat.requestNew() },
    });
    return app.faults.mark('new_chat', button);
  }

  /** Eras E3 and E4: a toggle in the toolbar. */
  #temporaryToggle() {
    const { app } = this;
    this.toggleButton = msButton({
      variant: 'icon borderless',
      label: 'Temporary chat toggle',
      ligature: 'incognito',
      iconname: 'incognito',
      on: { click: () => app.toggleTemporary() },
    });
    return app.faults.mark('temporary_chat', el('ms-incognito-mode-toggle', {}, this.toggleButton));
  }

  #openMenu() {
    if (this.app.overlays.anyOpen) return;
    const pane = this.app.overlays.menu(
      this.more,
      this.#items((run) => {
        pane.close();
        run();
      }),
    );
  }

  #items(choose) {
    const { app } = this;
    const items = [menuItem('save', 'Save prompt', '', () => choose(() => app.saveByHand()))];
    if (!this.inToolbar) items.unshift(this.#temporaryItem(choose));
    return items.filter(Boolean);
  }

  #temporaryItem(choose) {
    const { app } = this;
    const mark = app.chat.temporary ? el('span', { 'data-test-incognito-checkmark': true }, icon('check')) : null;
    const label = app.faults.word('temporary_chat', 'Temporary chat');
    const item = menuItem(
      'incognito',
      label,
      '',
      () => choose(() => app.toggleTemporary()),
      { 'data-test-incognito-toggle': true, 'aria-label': 'Toggle temporary chat' },
      mark,
    );
    return app.faults.mark('temporary_chat', item);
  }

  #raw(button) {
    const on = document.body.classList.toggle('x-raw');
    button.setAttribute('aria-pressed', String(on));
    button.classList.toggle('ms-button-active', on);
  }

  sync() {
    const { chat } = this.app;
    if (this.newChat) setDisabled(this.newChat, chat.empty || chat.generating);
    if (mutated('temporary_in_toolbar')) this.toggleButton.setAttribute('aria-pressed', String(chat.temporary));
    else this.toggleButton?.classList.toggle('ms-button-active', chat.temporary);
    const title = chat.temporary
      ? 'Temporary chat'
      : (chat.saver.title ?? (chat.empty ? 'Chat prompt' : 'Untitled prompt'));
    this.title.textContent = title;
    document.title = `${title} | Google AI Studio`;
    fill(this.indicator, chat.temporary ? indicator() : null);
  }
}

function indicator() {
  return el(
    'ms-incognito-mode-indicator',
    {},
    el(
      'div',
      { class: 'incognito-container' },
      icon('incognito'),
      el('span', { class: 'main-text', 'data-test-id': 'main-text', text: 'Temporary chat' }),
    ),
  );
}
