/**
 * The dialog of structured output. No public source records its exact labels: tag, title and the
 * name of the Save button are this page's best guess.
 */

import { el, msButton } from './dom.js';
import { dialogHeader } from './overlays.js';

export function openStructuredOutput(app) {
  if (app.overlays.anyOpen) return;
  app.tick(() => open(app));
}

function open(app) {
  const area = el('textarea', {
    spellcheck: 'false',
    'aria-label': 'Response schema',
    placeholder: '{"type": "object", "properties": { … }}',
  });
  area.value = app.run.schema ? JSON.stringify(app.run.schema, null, 2) : '';
  const error = el('p', { class: 'field-error', role: 'status' });
  const save = () => {
    const result = parse(area.value);
    error.textContent = result.error ?? '';
    if (result.error) return;
    app.run.set({ schema: result.schema });
    pane.close();
  };
  const content = el(
    'ms-edit-structured-output-dialog',
    {},
    dialogHeader('Structured outputs', { closeLabel: 'close', close: () => pane.close() }),
    el(
      'mat-dialog-content',
      { class: 'mat-mdc-dialog-content' },
      el('p', { text: 'Schema of the answer, as an OpenAPI schema object in JSON.' }),
      el('ms-json-schema-editor', {}, area),
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
              area.value = '';
            },
          },
        },
        el('span', { text: 'Reset' }),
      ),
      msButton(
        { variant: 'primary', label: 'Save the schema', on: { click: save } },
        el('span', { text: 'Save' }),
      ),
    ),
  );
  const pane = app.overlays.dialog(content, { label: 'Structured outputs', paneClass: 'x-wide' });
  area.focus();
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
