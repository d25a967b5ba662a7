/** Everything that gets in the way uninvited: notices, cookie bar, survey, vote, announcements. */

import { el, fill, msButton } from './dom.js';
import { speakPseudo } from './language.js';
import { ask } from './overlays.js';

const DRAFT = '/echo a draft of long ago';
const REWRITTEN_AFTER_MS = 50;

export class Interruptions {
  #afterAnswer = null;

  constructor(app) {
    this.app = app;
  }

  /** An answer has ended well. */
  answered(turn) {
    if (this.app.knobs.preference_vote) this.vote(turn);
    this.#afterAnswer?.();
    this.#afterAnswer = null;
  }

  start() {
    const { knobs, preferences } = this.app;
    if (knobs.cookie_bar) this.#cookieBar();
    if (knobs.survey_iframe) this.#survey();
    if (knobs.terms_dialog) this.#terms();
    if (knobs.welcome_dialog && !preferences.get('warmWelcomeDisplayed')) this.#welcome();
    if (knobs.announcement) this.#announcement();
    if (knobs.duplicate_prompt_tree) this.#duplicateTree();
    if (knobs.leftover_run) this.#leftoverRun();
    if (knobs.rewrites_prompt) this.#rewritePrompt(knobs.rewrites_prompt);
    if (knobs.language === 'pseudo') speakPseudo();
    if (knobs.interrupt_with) this.#atTheWorstMoment(knobs.interrupt_with, knobs.interrupt_at);
    const after = knobs.autosave_dialog_after_ms;
    if (after !== null && !preferences.get('hasShownAutosaveOnDialog')) setTimeout(() => this.#autosave(), after);
  }

  #atTheWorstMoment(what, moment) {
    const come = {
      cookie_bar: () => this.#cookieBar(),
      survey: () => this.#survey(),
      welcome: () => this.#welcome(),
      announcement: () => this.#announcement(),
      autosave: () => this.#autosave(),
      paid_usage: () => this.#paidUsage(),
      incident: () => this.#incident(),
      backdrop: () => this.#backdrop(),
      terms: () => this.#terms(),
    }[what];
    if (moment === 'answer') {
      this.#afterAnswer = come;
      return;
    }
    const event = moment === 'prompt' ? 'input' : 'change';
    const isIt = ({ target }) => target.matches(moment === 'prompt' ? 'ms-prompt-box textarea' : 'ms-run-settings input');
    const listen = (happened) => {
      if (!isIt(happened)) return;
      document.removeEventListener(event, listen);
      come();
    };
    document.addEventListener(event, listen);
  }

  #leftoverRun() {
    const { host } = this.app.promptBox.button;
    host.before(host.cloneNode(true));
  }

  #rewritePrompt(what) {
    const prompt = this.app.promptBox;
    const rewrite = () => setTimeout(() => prompt.suggest(what === 'draft' ? DRAFT : ''), REWRITTEN_AFTER_MS);
    prompt.area.addEventListener('input', rewrite, { once: true });
  }

  #paidUsage() {
    const close = () => pane.close();
    const button = msButton({ variant: 'icon borderless', label: 'close', ligature: 'close', on: { click: close } });
    const text = el('mat-dialog-content', { class: 'mat-mdc-dialog-content', text: 'Link a paid API key to use this model.' });
    const pane = this.app.overlays.dialog(el('ms-paid-usage-dialog', {}, button, text), { label: 'Paid usage' });
  }

  #incident() {
    const close = () => pane.close();
    const content = el(
      'div',
      { class: 'xap-inline-dialog-container' },
      el('p', { text: 'We are looking into slow answers.' }),
      msButton({ variant: 'borderless', on: { click: close } }, el('span', { text: 'Dismiss' })),
    );
    const pane = this.app.overlays.dialog(content, { paneClass: 'incident-info-dialog-panel', label: 'Incident' });
  }

  #backdrop() {
    const left = el('div', {
      class: 'cdk-overlay-backdrop cdk-overlay-transparent-backdrop cdk-overlay-backdrop-showing x-left-behind',
    });
    this.app.overlays.container.append(left);
  }

  #cookieBar() {
    const close = () => bar.remove();
    const bar = el(
      'div',
      { class: 'glue-cookie-notification-bar', role: 'region', 'aria-label': 'Cookie notice' },
      el('p', { text: 'This site uses cookies to deliver its services and to analyse traffic.' }),
      el(
        'div',
        { class: 'glue-cookie-notification-bar__controls' },
        el('button', {
          type: 'button',
          class: 'glue-cookie-notification-bar__reject',
          text: 'No thanks',
          on: { click: close },
        }),
        el('button', {
          type: 'button',
          class: 'glue-cookie-notification-bar__accept',
          text: 'Agree',
          on: { click: close },
        }),
      ),
    );
    document.body.append(bar);
  }

  #survey() {
    document.body.append(
      el('iframe', {
        id: 'google-hats-survey-1',
        class: 'x-survey',
        title: 'Survey',
        src: 'about:blank#google_hats',
      }),
    );
  }

  #terms() {
    const boxes = [
      'I accept the terms of service and the additional terms.',
      'I have read the privacy policy.',
    ].map((text) => {
      const box = el('input', { type: 'checkbox' });
      box.addEventListener('change', () =>
        accept.setAttribute('aria-disabled', String(!boxes.every((item) => item.firstChild.checked))),
      );
      return el('label', { class: 'terms-line' }, box, text);
    });
    const pane = ask(this.app.overlays, {
      title: 'Terms of service',
      body: el(
        'div',
        {},
        el('p', { text: 'Please review the Google APIs terms of service before you go on.' }),
        boxes,
      ),
      closable: false,
      actions: [{ text: 'I accept', primary: true, 'aria-disabled': 'true' }],
    });
    const accept = pane.node.querySelector('mat-dialog-actions button');
  }

  #welcome() {
    const done = () => {
      this.app.preferences.set('warmWelcomeDisplayed', true);
      pane.close();
    };
    const option = el(
      'div',
      { class: 'welcome-option' },
      el('h3', { text: 'Chat with a model' }),
      el('p', { text: 'Write a prompt and see what comes back.' }),
      msButton(
        { variant: 'primary', label: 'Try Gemini', on: { click: done } },
        el('span', { text: 'Try Gemini' }),
      ),
    );
    const pane = this.app.overlays.dialog(
      [
        el('h2', { class: 'mat-mdc-dialog-title', text: 'Welcome' }),
        el('mat-dialog-content', { class: 'mat-mdc-dialog-content' }, option),
      ],
      { label: 'Welcome', backdropClass: 'warm-welcome-dialog-backdrop', closable: false },
    );
  }

  #announcement() {
    ask(this.app.overlays, {
      tag: 'ms-announcement-modal',
      title: 'New models are here',
      body: 'Have a look at the model picker to see what is new.',
      actions: [{ text: 'Dismiss' }, { text: 'Got it', primary: true }],
    });
  }

  #autosave() {
    ask(this.app.overlays, {
      tag: 'ms-autosave-enabled-by-default-dialog',
      title: 'Auto-save is now enabled by default',
      body: 'Your chats are saved to your Drive as you go. You can turn this off in the settings.',
      closable: false,
      actions: [
        {
          text: 'Got it',
          primary: true,
          jslog: '273915',
          run: () => this.app.preferences.set('hasShownAutosaveOnDialog', true),
        },
      ],
    });
  }

  /** The A/B vote: a second answer beside the first; nothing can be run until it is settled. */
  vote(turn) {
    const { chat, view } = this.app;
    const done = () => {
      chat.vote = null;
      panel.remove();
      chat.changed.emit();
    };
    const answer = (name, variant) =>
      el(
        'div',
        { class: 'vote-answer' },
        el('h3', { text: name }),
        el('p', { text: variant }),
        msButton({ variant: 'secondary', on: { click: done } }, el('span', { text: `${name} is better` })),
      );
    const panel = el(
      'ms-preference-vote',
      {},
      el('p', { text: 'Which response do you prefer?' }),
      el(
        'div',
        { class: 'vote-answers' },
        answer('Response A', 'The answer above.'),
        answer('Response B', 'Another answer to the same prompt.'),
      ),
      msButton(
        {
          variant: 'borderless',
          label: 'Skip preference vote',
          'data-test-id': 'skip-button',
          on: { click: done },
        },
        el('span', { text: 'Skip' }),
      ),
    );
    chat.vote = turn;
    view.content.append(panel);
    view.toEnd();
    chat.changed.emit();
  }

  /** An old, hidden prompt tree that exists beside the live one. */
  #duplicateTree() {
    const area = el('textarea', { class: 'textarea', 'aria-label': 'Enter a prompt' });
    const old = el(
      'ms-prompt-input-wrapper',
      { hidden: true },
      el(
        'div',
        { class: 'prompt-input-wrapper' },
        el('div', { class: 'text-wrapper' }, el('ms-autosize-textarea', {}, area)),
        el('input', { type: 'file', class: 'file-input', 'data-test-upload-file-input': true }),
        el(
          'ms-run-button',
          {},
          el('button', { type: 'submit', 'aria-disabled': 'true', 'ms-button': true, text: 'Run' }),
        ),
      ),
    );
    this.app.promptBox.host.before(old);
  }
}

/** The page of saved chats. */
export function libraryPage(prompts, open) {
  const rows = prompts.map(({ id, title }) => {
    const link = el('a', {
      href: `/prompts/${id}`,
      text: title,
      on: {
        click: (event) => {
          event.preventDefault();
          open(id);
        },
      },
    });
    return el('tr', {}, el('td', {}, link), el('td', { text: 'Chat prompt' }));
  });
  const table = el(
    'table',
    {},
    el('thead', {}, el('tr', {}, el('th', { text: 'Name' }), el('th', { text: 'Type' }))),
    el('tbody'),
  );
  fill(table.lastChild, rows);
  return el(
    'ms-library-table',
    {},
    el('h1', { text: 'Library' }),
    rows.length > 0 ? table : el('p', { class: 'nothing', text: 'No saved chat yet' }),
  );
}
