/** Rows and collapsible sections that the run settings are made of. */

import { el, fill, icon, msButton } from '../dom.js';

/** One row: h3 label left, control right. */
export function row(label, control, { className = '', attributes = {}, hint = null } = {}) {
  return el(
    'div',
    { class: `settings-item ${className}`.trim(), ...attributes },
    el(
      'div',
      { class: 'item-about' },
      el('h3', { class: 'v3-font-body', text: label }),
      hint && el('p', { class: 'item-hint', text: hint }),
    ),
    control,
  );
}

/** Label above the control. */
export function columnRow(label, control, { className = '', attributes = {} } = {}) {
  return el(
    'div',
    { class: `settings-item-column ${className}`.trim(), ...attributes },
    el('h3', { class: 'v3-font-body', text: label }),
    control,
  );
}

/**
 * A collapsible section. While collapsed the children do not exist in the document; their values
 * live in the run state.
 */
export class Section {
  constructor(app, { control, title, label, preference, children }) {
    Object.assign(this, { app, preference, children });
    this.open = app.preferences.get(preference) === true;
    this.button = msButton({ variant: 'icon borderless', label, 'aria-expanded': 'false' }, icon('expand_more'));
    const header = el(
      'div',
      { class: 'settings-item settings-group-header', on: { click: () => this.#toggle() } },
      el('p', { class: 'group-title', text: app.faults.word(control, title) }),
      el('div', { class: 'group-actions' }, this.button),
    );
    this.body = el('div', { class: 'settings-group-content' });
    this.header = app.faults.mark(control, header);
    this.host = el('div', { class: 'settings-group' }, this.header, this.body);
    this.#show();
  }

  #toggle() {
    this.app.tick(() => {
      this.open = !this.open;
      this.app.preferences.set(this.preference, this.open);
      if (this.open) this.#show();
      else this.#collapse();
    });
  }

  #collapse() {
    this.header?.classList.remove('expanded');
    this.button.setAttribute('aria-expanded', 'false');
    this.body.classList.add('x-collapsing');
    this.app.overlays.afterAnimation(() => !this.open && this.#show());
  }

  #show() {
    this.header?.classList.toggle('expanded', this.open);
    this.button.setAttribute('aria-expanded', String(this.open));
    this.body.classList.remove('x-collapsing');
    fill(this.body, this.open ? this.children : null);
  }
}
