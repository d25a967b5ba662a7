/**
 * The dialog of structured output. No public source records its exact labels: tag, title and the
 * name of the Save button are this page's best guess.
 */

import { el, msButton } from './dom.js';
import { dialogHeader } from './overlays.js';
import { CodeEditor } from './widgets/code-editor.js';

export function openStructuredOutput(app) {
  if (app.overlays.anyOpen) return;
  app.tick(() => open(app));
}

/** Where the schema is written: `{host, value, focus()}`. */
function editorOf(app) {
  const value = app.run.schema ? JSON.stringify(app.run.schema, null, 2) : '';
  if (app.knobs.structured_editor === 'keyboard') return new CodeEditor({ label: 'Response schema', value });
  const host = el('textarea', {
    spellcheck: 'false',
    'aria-label': 'Response schema',
    placeholder: '{"type": "object", "properties": { … }}',
  });
  host.value = value;
  return {
    host,
    get value() {
      return host.value;
    },
    set value(text) {
      host.value = text;
    },
    focus: () => host.focus(),
  };
}

function open(app) {
  const editor = editorOf(app);
  const error = el('p', { class: 'field-error', role: 'status' });
  const save = () => {
    const result = parse(editor.value);
    error.textContent = result.error ?? '';
    if (result.error) return;
    app.run.set({ schema: result.schema });
    if (!app.knobs.dialog_stays_open) pane.close();
  };
  const saveButton = msButton(
    { variant: 'primary', label: 'Save the schema', on: { click: save } },
    el('span', { text: app.faults.word('structured_save', 'Save') }),
  );
  const content = el(
    'ms-edit-structured-output-dialog',
    {},
    dialogHeader('Structured outputs', { closeLabel: 'close', close: () => pane.close() }),
    el(
      'mat-dialog-content',
      { class: 'mat-mdc-dialog-content' },
      el('p', { text: 'Schema of the answer, as an OpenAPI schema object in JSON.' }),
      el('ms-json-schema-editor', {}, editor.host),
      error,
    ),
    el(
      'mat-dialog-actions',
      { class: 'mat-mdc-dialog-actions' },
      msButton(
        {
          variant: 'borderless',
          label: 'Reset the schema',
          on: {
            click: () => {
              editor.value = '';
            },
          },
        },
        el('span', { text: 'Reset' }),
      ),
      app.faults.mark('structured_save', saveButton),
    ),
  );
  const pane = app.overlays.dialog(content, { label: 'Structured outputs', paneClass: 'x-wide' });
  editor.focus();
}

function parse(text) {
  if (text.trim() === '') return { schema: null };
  try {
    const schema = JSON.parse(text);
    if (schema === null || typeof schema !== 'object' || Array.isArray(schema))
      return { error: 'The schema must be a JSON object.' };
    return { schema };
  } catch (error) {
    return { error: `This is not valid JSON: ${error.message}` };
  }
}
