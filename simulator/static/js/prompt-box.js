/**
 * ms-prompt-box: the prompt as a form control, attachments, token counter, Run.
 *
 * The model of the control changes on `input` events only; a value set without one is shown but
 * does not exist for the page.
 */

import { Attachments } from './attachments.js';
import { el } from './dom.js';
import { RunButton } from './run-button.js';
import { Debounce } from './signal.js';

const MEASURED_BELOW = 20000;
const TALLEST_PX = 260;
const LAID_OUT_LATER_MS = 600;

export class PromptBox {
  constructor(app) {
    this.app = app;
    this.text = '';
    this.attachments = new Attachments(app, () => this.#changed());
    this.area = this.#textarea();
    this.layOut = new Debounce(
      () => LAID_OUT_LATER_MS,
      () => this.area.classList.remove('x-unlaid'),
    );
    this.button = new RunButton(app, { onRun: () => this.submit(), onStop: () => app.chat.stop() });
    this.host = el('ms-prompt-box', {}, this.#container());
    app.chat.changed.on(() => this.sync());
    app.tokens.changed.on(() => this.sync());
    app.run.on(() => this.sync());
    this.sync();
  }

  #textarea() {
    return el('textarea', {
      class: 'textarea cdk-textarea-autosize',
      formcontrolname: 'promptText',
      'aria-label': 'Enter a prompt',
      placeholder: 'Ask anything, or start with an example above',
      rows: 1,
      on: { input: () => this.#input(), keydown: (event) => this.#key(event) },
    });
  }

  #container() {
    const { faults } = this.app;
    const area = faults.mark('prompt_textarea', this.area);
    const text = el(this.app.era('E6') ? 'div' : 'ms-autosize-textarea', {}, area);
    this.wrapper = el('div', { class: 'text-wrapper' }, text);
    return el(
      'div',
      { class: 'prompt-box-container' },
      this.attachments.row,
      this.wrapper,
      el(
        'div',
        { class: 'prompt-box-actions' },
        this.attachments.button,
        this.app.tokens.host,
        el('span', { class: 'x-space' }),
        this.button.mounted,
      ),
    );
  }

  #input() {
    const limit = this.app.knobs.text_limit;
    if (limit !== null && this.area.value.length > limit) this.area.value = this.area.value.slice(0, limit);
    this.text = this.area.value;
    if (this.text.length < MEASURED_BELOW) this.wrapper.setAttribute('data-value', this.text);
    else this.wrapper.removeAttribute('data-value');
    this.#resize();
    if (this.text === '' && this.attachments.empty && this.app.chat.empty) this.app.tokens.cancel({ zero: true });
    else this.app.tokens.touch();
    this.#changed();
  }

  /**
   * Large texts get the greatest height without being measured, and are laid out only when the box
   * has been left alone for a moment: two megabytes cost half a second of layout.
   */
  #resize() {
    const { style, classList } = this.area;
    const large = this.text.length >= MEASURED_BELOW;
    classList.toggle('x-unlaid', large);
    if (large) {
      style.height = `${TALLEST_PX}px`;
      this.layOut.poke();
      return;
    }
    this.layOut.cancel();
    style.height = 'auto';
    style.height = `${Math.min(TALLEST_PX, this.area.scrollHeight)}px`;
  }

  #changed() {
    this.app.tick(() => this.sync());
  }

  get ctrlEnter() {
    return this.app.preferences.get('enterKeyBehavior') === 2;
  }

  #key(event) {
    if (event.key !== 'Enter' || event.isComposing || event.shiftKey) return;
    const submits = this.ctrlEnter
      ? event.ctrlKey || event.metaKey
      : !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!submits) return;
    event.preventDefault();
    if (!this.ready) return;
    if (this.app.knobs.swallow_keys_while_counting && this.app.tokens.pending) return;
    if (this.app.knobs.reject_untrusted_keys && !event.isTrusted) this.app.chat.refuse(this.take());
    else this.submit();
  }

  /** True when Run could be pressed. */
  get ready() {
    const { app } = this;
    const filled = this.text.trim() !== '' || this.attachments.ready.length > 0;
    const held = app.knobs.hold_run_while_counting && app.tokens.pending;
    return (
      filled &&
      !held &&
      !this.attachments.busy &&
      !app.chat.generating &&
      !app.chat.vote &&
      Boolean(app.run.model) &&
      !app.run.model.paid
    );
  }

  parts() {
    const parts = this.attachments.ready.map((file) => [null, null, null, null, null, [file.id]]);
    if (this.text !== '') parts.push([null, this.text]);
    return parts;
  }

  submit() {
    if (!this.ready) return;
    const { parts, files } = this.take();
    this.app.chat.send(parts, files);
  }

  /** Empty the box and return what it held. */
  take() {
    const content = { parts: this.parts(), files: this.attachments.ready.map(({ name }) => ({ name })) };
    this.#clear();
    return content;
  }

  #clear({ zero = false } = {}) {
    this.text = '';
    this.area.value = '';
    this.wrapper.setAttribute('data-value', '');
    this.#resize();
    this.attachments.clear();
    this.app.tokens.cancel({ zero });
    this.sync();
  }

  /** A new chat begins. */
  reset() {
    this.#clear({ zero: true });
    this.area.focus({ preventScroll: true });
  }

  suggest(text) {
    this.area.value = text;
    this.area.dispatchEvent(new Event('input', { bubbles: true }));
    this.area.focus();
  }

  sync() {
    this.button.sync({
      running: this.app.chat.generating,
      enabled: this.ready,
      ctrlEnter: this.ctrlEnter,
      noKey: Boolean(this.app.run.model?.paid),
    });
  }
}
