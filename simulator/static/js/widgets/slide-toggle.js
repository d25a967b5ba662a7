/** mat-slide-toggle: the truth is `aria-checked` of its button. */

import { el, setAttribute } from '../dom.js';

export class SlideToggle {
  /**
   * `onChange(wanted)` asks for a change; the switch itself only moves when `sync` is called.
   * `label` is the accessible name or null.
   */
  constructor({ number, label = null, className = '', hostAttributes = {}, onChange }) {
    this.onChange = onChange;
    this.button = el(
      'button',
      {
        type: 'button',
        role: 'switch',
        class: 'mdc-switch',
        id: `mat-mdc-slide-toggle-${number}-button`,
        'aria-label': label,
        'aria-checked': 'false',
        on: { click: () => this.onChange(this.button.getAttribute('aria-checked') !== 'true') },
      },
      el('div', { class: 'mdc-switch__track' }),
      el('div', { class: 'mdc-switch__handle-track' }, el('div', { class: 'mdc-switch__handle' })),
    );
    const text = el('label', { class: 'mdc-label', for: this.button.id });
    this.host = el(
      'mat-slide-toggle',
      { class: `mat-mdc-slide-toggle ${className}`.trim(), ...hostAttributes },
      el('div', { class: 'mdc-form-field' }, this.button, text),
    );
  }

  sync({ checked, disabled = false }) {
    setAttribute(this.button, 'aria-checked', checked ? 'true' : 'false');
    this.button.classList.toggle('mdc-switch--checked', checked);
    this.button.classList.toggle('mdc-switch--selected', checked);
    this.button.classList.toggle('mdc-switch--disabled', disabled);
    this.button.disabled = disabled;
    this.host.classList.toggle('mat-mdc-slide-toggle-checked', checked);
    this.host.classList.toggle('mat-mdc-slide-toggle-disabled', disabled);
  }
}
