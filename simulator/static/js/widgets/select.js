/** mat-select with its listbox in the overlay container. */

import { el, icon, setAttribute } from '../dom.js';

export class Select {
  /** `options` are `{value, text}`; `onChoose(value)` asks for a change. */
  constructor({ overlays, tick, id, label, options, onChoose, attributes = {} }) {
    Object.assign(this, { overlays, tick, label, options, onChoose });
    this.value = null;
    this.pane = null;
    this.text = el('span', { class: 'mat-mdc-select-min-line' });
    this.host = el(
      'mat-select',
      {
        id,
        class: 'mat-mdc-select',
        role: 'combobox',
        tabindex: '0',
        'aria-label': label,
        'aria-expanded': 'false',
        'aria-haspopup': 'listbox',
        ...attributes,
        on: { click: () => this.toggle(), keydown: (event) => this.#key(event) },
      },
      el(
        'div',
        { class: 'mat-mdc-select-trigger' },
        el(
          'div',
          { class: 'mat-mdc-select-value' },
          el('span', { class: 'mat-mdc-select-value-text' }, this.text),
        ),
        icon('arrow_drop_down', 'mat-mdc-select-arrow'),
      ),
    );
    this.field = el(
      'mat-form-field',
      { class: 'mat-mdc-form-field' },
      el('div', { class: 'mat-mdc-text-field-wrapper' }, this.host),
    );
  }

  sync(value, options = this.options) {
    this.options = options;
    this.value = value;
    this.text.textContent = options.find((option) => option.value === value)?.text ?? '';
  }

  toggle() {
    if (this.pane?.open) return;
    this.tick(() => this.#openPanel());
  }

  #key(event) {
    if (!['Enter', ' ', 'ArrowDown', 'ArrowUp'].includes(event.key)) return;
    event.preventDefault();
    this.toggle();
  }

  #openPanel() {
    const nodes = this.options.map((option, index) => this.#option(option, index));
    this.pane = this.overlays.listbox(this.host, nodes, { label: this.label });
    setAttribute(this.host, 'aria-expanded', 'true');
    setAttribute(this.host, 'aria-controls', `${this.host.id}-panel`);
    this.pane.onClose(() => {
      setAttribute(this.host, 'aria-expanded', 'false');
      setAttribute(this.host, 'aria-controls', null);
    });
    (nodes.find((node) => node.getAttribute('aria-selected') === 'true') ?? nodes[0])?.focus();
  }

  #option({ value, text }, index) {
    const selected = value === this.value;
    const choose = () => {
      this.pane.close();
      if (value !== this.value) this.onChoose(value);
    };
    const keys = (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose();
    };
    return el(
      'mat-option',
      {
        id: `${this.host.id}-option-${index}`,
        class: `mat-mdc-option mdc-list-item${selected ? ' mdc-list-item--selected' : ''}`,
        role: 'option',
        tabindex: '0',
        'aria-selected': selected ? 'true' : 'false',
        on: { click: choose, keydown: keys },
      },
      el('span', { class: 'mdc-list-item__primary-text', text }),
      selected ? icon('check') : null,
    );
  }
}
