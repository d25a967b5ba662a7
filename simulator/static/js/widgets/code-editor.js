/**
 * A code editor as such editors are built: the text lives in the editor, what it shows are lines of spans,
 * and the text area in it is only an ear for the keyboard. A value set by script is not heard.
 */

import { el, fill } from '../dom.js';

export class CodeEditor {
  #text;

  constructor({ label, value }) {
    this.#text = value;
    this.all = false;
    this.area = el('textarea', {
      class: 'inputarea',
      'aria-label': label,
      spellcheck: 'false',
      on: { keydown: (event) => this.#key(event), input: (event) => this.#heard(event) },
    });
    this.lines = el('div', { class: 'view-lines' });
    this.host = el('div', { class: 'monaco-editor' }, this.lines, this.area);
    this.#show();
  }

  get value() {
    return this.#text;
  }

  set value(text) {
    this.#text = text;
    this.#show();
  }

  focus() {
    this.area.focus();
  }

  #key(event) {
    if (!event.isTrusted) return;
    if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.all = true;
    } else if (event.key === 'Delete' && this.all) {
      this.all = false;
      this.value = '';
    }
  }

  #heard(event) {
    const text = this.area.value;
    this.area.value = '';
    if (!event.isTrusted) return;
    this.value = this.all ? text : this.value + text;
    this.all = false;
  }

  #show() {
    const lines = this.#text.split('\n').map((line) => line.replaceAll(' ', '\u00a0'));
    fill(
      this.lines,
      lines.map((text) => el('div', { class: 'view-line' }, el('span', { text }))),
    );
  }
}
