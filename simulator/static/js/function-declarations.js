/** The dialog "Function declarations": a JSON list of Gemini declarations. */

import { el, fill, msButton } from './dom.js';
import { dialogHeader } from './overlays.js';

export function openFunctionDeclarations(app) {
  if (app.overlays.anyOpen) return;
  app.tick(() => new DeclarationsDialog(app));
}

class DeclarationsDialog {
  constructor(app) {
    this.app = app;
    this.draft = app.run.declarations.length > 0 ? JSON.stringify(app.run.declarations, null, 2) : '';
    this.body = el('div', { class: 'tab-body' });
    this.error = el('p', { class: 'field-error', role: 'status' });
    this.tabs = this.#tabs();
    this.tabGroup = el('ms-tab-group', { role: 'tablist' }, this.tabs);
    const content = el('ms-edit-function-declarations-dialog', {}, this.#parts());
    this.pane = app.overlays.dialog(content, { label: 'Function declarations', paneClass: 'x-wide' });
    this.#show('Visual Editor');
  }

  #parts() {
    const header = dialogHeader('Function declarations', { closeLabel: 'close', close: () => this.pane.close() });
    const text = (value) => el('span', { text: value });
    const reset = msButton(
      { variant: 'borderless', label: 'Reset the function declarations', on: { click: () => this.#reset() } },
      text('Reset'),
    );
    const { faults } = this.app;
    const save = msButton(
      { variant: 'primary', label: 'Save the current function declarations', on: { click: () => this.#save() } },
      text(faults.word('function_save', 'Save')),
    );
    return [
      header,
      el(
        'mat-dialog-content',
        { class: 'mat-mdc-dialog-content' },
        el('p', { text: 'Enter a list of function declarations for the model to call upon, as JSON.' }),
        this.tabGroup,
        this.body,
        this.error,
      ),
      el('mat-dialog-actions', { class: 'mat-mdc-dialog-actions' }, reset, faults.mark('function_save', save)),
    ];
  }

  #tabs() {
    return ['Code Editor', 'Visual Editor'].map((name) => this.#tab(name)).filter(Boolean);
  }

  #tab(name) {
    const tab = el('button', {
      type: 'button',
      role: 'tab',
      'aria-selected': 'false',
      text: name,
      on: { click: () => this.app.tick(() => this.#show(name)) },
    });
    return name === 'Code Editor' ? this.app.faults.mark('function_code_tab', tab) : tab;
  }

  #show(name) {
    if (this.app.knobs.editor_tabs_drawn_anew) fill(this.tabGroup, (this.tabs = this.#tabs()));
    for (const tab of this.tabs) tab.setAttribute('aria-selected', String(tab.textContent === name));
    fill(this.body, name === 'Code Editor' ? this.#editor() : this.#overview());
  }

  #editor() {
    const area = el('textarea', {
      spellcheck: 'false',
      placeholder: '[ ]  Press Tab to indent, Escape then Tab to leave',
      'aria-label': 'Function declarations',
    });
    area.value = this.draft;
    area.addEventListener('input', () => {
      this.draft = area.value;
    });
    return el('ms-text-editor', {}, area);
  }

  #overview() {
    const { list } = parse(this.draft);
    if (this.app.knobs.editor_tabs_drawn_anew) return el('textarea', { 'aria-label': 'Description' });
    if (!list || list.length === 0)
      return el('p', { class: 'nothing', text: 'No function declared yet. Add one in the Code Editor.' });
    return el(
      'ul',
      { class: 'declaration-list' },
      list.map((item) =>
        el('li', {}, el('code', { text: item.name }), el('span', { text: item.description ?? '' })),
      ),
    );
  }

  #reset() {
    this.draft = '';
    this.#show('Code Editor');
  }

  #save() {
    const { knobs, run } = this.app;
    const { list, error } = knobs.refuse_declarations ? { error: knobs.refuse_declarations } : parse(this.draft);
    this.error.textContent = error ?? '';
    if (error) return;
    run.set({ declarations: list });
    if (!knobs.dialog_stays_open) this.pane.close();
  }
}

/** `{list}` or `{error}`. An empty text is an empty list; one declaration may stand alone. */
function parse(text) {
  if (text.trim() === '') return { list: [] };
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { error: `This is not valid JSON: ${error.message}` };
  }
  const list = Array.isArray(value) ? value : [value];
  const nameless = list.find((item) => typeof item?.name !== 'string' || item.name === '');
  return nameless === undefined ? { list } : { error: 'Every declaration needs a name.' };
}
