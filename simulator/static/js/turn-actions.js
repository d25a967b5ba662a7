/** Hover actions of a turn: edit, rerun, and the options menu. */

import { el, icon, msButton } from './dom.js';
import { textOf } from './wire.js';

export function turnActions(view) {
  const { app, turn } = view;
  const edit = msButton(
    {
      variant: 'icon borderless small',
      class: 'toggle-edit-button',
      label: 'Edit',
      on: { click: () => toggleEdit(view, edit) },
    },
    el('span', { class: 'material-symbols-outlined notranslate', text: 'edit' }),
  );
  edit.firstChild.replaceWith(icon('edit'));
  const rerun = msButton({
    variant: 'icon borderless small',
    name: 'rerun-button',
    label: 'Rerun this turn',
    ligature: 'refresh',
    on: { click: () => app.chat.rerun(turn) },
  });
  const open = msButton({
    variant: 'icon borderless small',
    label: 'Open options',
    ligature: 'more_vert',
    iconname: 'more_vert',
    'aria-haspopup': 'menu',
    'aria-expanded': 'false',
    on: { click: () => openOptions(view, open) },
  });
  return [edit, rerun, el('ms-chat-turn-options', {}, el('div', {}, open))];
}

/** The edit box holds the source text, also in the data-value attribute of its wrapper. */
function toggleEdit(view, button) {
  view.app.tick(() => (view.editor ? stopEditing(view, button) : startEditing(view, button)));
}

function startEditing(view, button) {
  const area = el('textarea', { class: 'textarea', 'aria-label': 'Edit turn' });
  area.value = sourceOf(view);
  const box = el('ms-autosize-textarea', { 'data-value': area.value }, area);
  area.addEventListener('input', () => box.setAttribute('data-value', area.value));
  view.editor = { area, box };
  view.pinned = true;
  view.attachContent();
  view.parts.host.replaceWith(box);
  relabel(button, 'Stop editing', 'check');
  area.focus();
}

function stopEditing(view, button) {
  const { area, box } = view.editor;
  box.replaceWith(view.parts.host);
  view.editor = null;
  view.pinned = false;
  relabel(button, 'Edit', 'edit');
  if (area.value !== sourceOf(view)) view.app.chat.editTurn(view, area.value);
}

function relabel(button, label, ligature) {
  button.setAttribute('aria-label', label);
  button.replaceChildren(icon(ligature));
}

export function sourceOf(view) {
  return textOf(view.turn.parts.filter((part) => Boolean(part[12]) === view.thoughtOnly));
}

function openOptions(view, trigger) {
  const { app, turn } = view;
  const copyLabel = app.era('E6') ? 'Copy as Markdown' : 'Copy markdown';
  const items = [
    ['delete', 'Delete', '', () => app.chat.deleteTurn(turn)],
    ['content_copy', app.era('E6') ? 'Copy as text' : 'Copy text', '', () => copy(app, view.parts.host.innerText)],
    ['markdown_copy', copyLabel, 'copy-markdown-button', () => copy(app, sourceOf(view))],
  ];
  app.tick(() => {
    const pane = app.overlays.menu(
      trigger,
      items.map(([ligature, text, className, run]) =>
        menuItem(ligature, text, className, () => {
          pane.close();
          app.tick(run);
        }),
      ),
    );
  });
}

export function menuItem(ligature, text, className, click, attributes = {}, ...extra) {
  return el(
    'button',
    {
      type: 'button',
      role: 'menuitem',
      class: `mat-mdc-menu-item ${className}`.trim(),
      ...attributes,
      on: { click },
    },
    icon(ligature),
    el('span', { class: 'mat-mdc-menu-item-text', text }),
    ...extra,
  );
}

async function copy(app, text) {
  try {
    await navigator.clipboard.writeText(text);
    app.overlays.toast('Copied to clipboard', 'info', 2500);
  } catch (error) {
    app.overlays.toast(`Could not copy: ${error.message}`, 'warning');
  }
}
