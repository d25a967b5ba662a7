/**
 * ms-slider: a range and a number field with one value between them.
 *
 * The value model changes on `change` or blur of the field (and on `change` of the range); `input`
 * alone only changes what is shown. `aria-valuenow` always tells the model's value.
 */

import { el, setAttribute } from '../dom.js';

export class Slider {
  /**
   * `textual`: since era E4 the field is a text spinbutton instead of type=number.
   * `onCommit(value)` gets a number inside [min, max].
   */
  constructor({ label, title, min, max, step, integer = false, textual, attributes = {}, onCommit }) {
    Object.assign(this, { min, max, integer, onCommit, textual });
    this.value = null;
    this.range = el('input', { type: 'range', class: 'mdc-slider__input', min, max, step, 'aria-label': label });
    this.field = el('input', {
      ...this.#fieldAttributes(step),
      class: 'slider-number-input',
      'aria-label': label,
      autocomplete: 'off',
    });
    this.host = el(
      'ms-slider',
      { title, ...attributes },
      el(
        'div',
        { class: 'slider-container' },
        el('mat-slider', { class: 'mat-mdc-slider mdc-slider' }, this.range),
        this.field,
      ),
    );
    this.#listen();
  }

  #fieldAttributes(step) {
    if (!this.textual) return { type: 'number', min: this.min, max: this.max, step };
    return {
      type: 'text',
      role: 'spinbutton',
      inputmode: this.integer ? 'numeric' : 'decimal',
      'aria-valuemin': this.min,
      'aria-valuemax': this.max,
    };
  }

  #listen() {
    const commit = () => this.#commit(this.field.value);
    this.field.addEventListener('change', commit);
    this.field.addEventListener('blur', commit);
    this.field.addEventListener('keydown', (event) => this.#key(event));
    this.range.addEventListener('input', () => {
      this.field.value = this.range.value;
    });
    this.range.addEventListener('change', () => this.#commit(this.range.value));
  }

  #key(event) {
    if (event.key === 'Enter') this.#commit(this.field.value);
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction || !this.textual) return;
    event.preventDefault();
    this.#commit(String(this.value + direction * Number(this.range.step)));
  }

  /** Empty or no number: back to the model's value. */
  #commit(text) {
    const number = text.trim() === '' ? NaN : Number(text.trim().replace(',', '.'));
    if (!Number.isFinite(number)) return this.#show();
    const rounded = this.integer ? Math.round(number) : Math.round(number * 100) / 100;
    const value = Math.min(this.max, Math.max(this.min, rounded));
    if (value === this.value) return this.#show();
    return this.onCommit(value);
  }

  #show() {
    const text = String(this.value);
    if (this.field.value !== text) this.field.value = text;
    this.range.value = text;
    this.range.style.setProperty('--part', `${((this.value - this.min) / (this.max - this.min)) * 100}%`);
    setAttribute(this.field, 'aria-valuenow', text);
  }

  /** Show the model's value; text being typed is left alone while the value is unchanged. */
  sync(value) {
    if (value === this.value) return;
    this.value = value;
    this.#show();
  }
}
