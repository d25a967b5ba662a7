/** Stop sequences: a text field that turns its text into chips, and the chips. */

import { el, fill, msButton } from '../dom.js';

const MOST = 5;

export class StopSequences {
  /** `onAdd(text)` and `onRemove(text)` ask for a change; `sync` shows the result. */
  constructor({ label, knobs, onAdd, onRemove }) {
    Object.assign(this, { knobs, onAdd, onRemove });
    this.values = [];
    this.input = el('input', {
      id: 'chip-input',
      type: 'text',
      class: 'chip-input',
      'aria-label': label,
      placeholder: 'Add stop...',
      autocomplete: 'off',
      on: { keydown: (event) => this.#key(event), blur: () => this.#blur() },
    });
    this.chips = el('mat-chip-set', { class: 'mat-mdc-chip-set', role: 'list' });
    this.host = el(
      'ms-stop-sequence-input',
      {},
      el('label', { for: 'chip-input', class: 'x-visually-hidden', text: 'Add stop sequence' }),
      this.input,
      this.chips,
    );
  }

  /** The site only takes a real key press. */
  #key(event) {
    if (event.key !== 'Enter' || this.knobs.stop_commit !== 'enter') return;
    event.preventDefault();
    if (this.knobs.trusted_chip_enter && !event.isTrusted) return;
    this.#commit();
  }

  #blur() {
    if (this.knobs.stop_commit === 'blur') this.#commit();
  }

  #commit() {
    const text = this.input.value;
    if (text === '' || this.values.length >= MOST || this.values.includes(text)) return;
    this.input.value = '';
    this.onAdd(text);
  }

  sync(values) {
    if (values === this.values) return;
    this.values = values;
    fill(
      this.chips,
      values.map((text) => this.#chip(text)),
    );
  }

  #chip(text) {
    const remove = msButton({
      variant: 'icon borderless small',
      class: 'remove-button',
      label: `Remove ${text}`,
      ligature: 'close',
      on: { click: () => this.onRemove(text) },
    });
    return el(
      'mat-chip',
      { class: 'mat-mdc-chip', role: 'listitem' },
      el('span', { class: 'mdc-evolution-chip__text-label', text }),
      remove,
    );
  }
}
