/**
 * The side sheet "System instructions". Its textarea exists only while the sheet is open, and what
 * is typed is saved a moment later: closing the sheet before that loses the change.
 */

import { el, fill } from './dom.js';
import { dialogHeader } from './overlays.js';
import { Debounce } from './signal.js';
import { Select } from './widgets/select.js';

const STORE = 'aistudio_all_system_instructions';
const SAVE_AFTER_MS = 300;
const NOTICED_AFTER_MS = 60;
const NEW = { value: '', text: 'Create new instruction' };

export function openSystemInstructions(app) {
  if (app.overlays.anyOpen) return;
  app.tick(() => new SystemInstructionsSheet(app));
}

class SystemInstructionsSheet {
  constructor(app) {
    this.app = app;
    this.presets = readPresets();
    this.name = app.preferences.get('selectedSystemInstructionsConfigName') ?? '';
    this.status = el('span', { class: 'saving-status', 'aria-live': 'polite' });
    this.save = new Debounce(
      () => SAVE_AFTER_MS,
      () => this.#save(),
    );
    this.pane = app.overlays.sideSheet(el('ms-system-instructions', {}, this.#parts()), {
      label: 'System instructions',
    });
    this.pane.onClose(() => this.#closed());
    if (app.knobs.system_saved_from_the_start) this.status.textContent = 'Saved';
    this.area.focus();
  }

  #parts() {
    const header = dialogHeader('System instructions', { sheet: true, close: () => this.pane.close() });
    this.select = new Select({
      overlays: this.app.overlays,
      tick: this.app.tick,
      id: 'mat-select-system-preset',
      label: 'Saved instructions',
      options: this.#options(),
      onChoose: (name) => this.#usePreset(name),
    });
    this.select.sync(this.name, this.#options());
    this.title = el('input', {
      type: 'text',
      'ms-input': true,
      'aria-label': 'Title',
      placeholder: 'Title',
      autocomplete: 'off',
      on: { input: () => this.#edited() },
    });
    this.title.value = this.name;
    this.area = el('textarea', {
      class: 'in-run-settings',
      'ms-input': true,
      'aria-label': 'System instructions',
      placeholder: 'Optional tone and style instructions for the model',
      on: { input: () => this.#edited() },
    });
    this.area.value = this.app.run.system;
    return [
      header,
      el('div', { class: 'preset-row' }, this.select.field),
      el('div', { class: 'title-row' }, this.title, this.status),
      this.area,
    ];
  }

  #options() {
    return [NEW, ...Object.keys(this.presets).map((name) => ({ value: name, text: name }))];
  }

  #edited() {
    const notice = () => (this.status.textContent = 'Saving…');
    if (this.app.knobs.system_saved_from_the_start) setTimeout(notice, NOTICED_AFTER_MS);
    else notice();
    this.save.poke();
  }

  #save() {
    const { preferences, run } = this.app;
    this.name = this.title.value.trim();
    if (this.name) this.presets[this.name] = this.area.value;
    writePresets(this.presets);
    preferences.set('selectedSystemInstructionsConfigName', this.name || null);
    this.select.sync(this.name, this.#options());
    run.set({ system: this.area.value });
    this.app.tick(() => {
      this.status.textContent = 'Saved';
    });
  }

  #usePreset(name) {
    this.app.tick(() => {
      this.title.value = name;
      this.area.value = this.presets[name] ?? '';
      this.#edited();
    });
  }

  #closed() {
    this.save.cancel();
    this.app.overlays.afterAnimation(() => fill(this.pane.node));
  }
}

/** The text of the preset that a new page starts with, or ''. */
export function activePreset(preferences) {
  const name = preferences.get('selectedSystemInstructionsConfigName');
  return (name && readPresets()[name]) || '';
}

function readPresets() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '{}');
  } catch {
    return {};
  }
}

function writePresets(presets) {
  localStorage.setItem(STORE, JSON.stringify(presets));
}
