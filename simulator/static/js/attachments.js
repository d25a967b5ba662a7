/** Files of the next turn: the media menu, the hidden file input, chips, and the upload. */

import { el, fill, icon, msButton } from './dom.js';
import { ask } from './overlays.js';
import { menuItem } from './turn-actions.js';
import { upload } from './upload.js';

export class Attachments {
  /** `onChange()` is called whenever a file comes, changes or goes. */
  constructor(app, onChange) {
    Object.assign(this, { app, onChange });
    this.files = [];
    this.chips = el('div', { class: 'multi-media-row' });
    this.row = el('ms-prompt-media', { hidden: true }, this.chips);
    this.trigger = this.#trigger();
    this.button = el('ms-add-media-button', {}, this.trigger, this.#standing('page'));
    this.faults = [...app.knobs.upload_faults];
    this.driveAllowed = !app.knobs.drive_dialog;
  }

  get empty() {
    return this.files.length === 0;
  }

  get ready() {
    return this.files.filter((file) => file.id !== null);
  }

  get busy() {
    return this.files.some((file) => file.id === null);
  }

  #trigger() {
    const newest = this.app.era('E6');
    return msButton({
      variant: 'icon borderless',
      label: newest ? 'Insert images, videos, or files' : 'Insert images, videos, audio, or files',
      'data-test': newest ? 'selectMediaMenu' : null,
      'data-test-id': newest ? null : 'add-media-button',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      ligature: newest ? 'add_circle' : 'note_add',
      on: { click: () => this.app.tick(() => this.#openMenu()) },
    });
  }

  #input() {
    const input = el('input', {
      type: 'file',
      class: 'file-input',
      'data-test-upload-file-input': true,
      multiple: !this.app.knobs.single_file_upload,
      tabindex: '-1',
      on: { click: (event) => event.stopPropagation(), change: () => this.#chosen(input) },
    });
    return input;
  }

  /** The file input, where it is in this place; else null. */
  #standing(place) {
    return this.app.knobs.file_input === place ? this.#input() : null;
  }

  /** By default the file input lives inside the menu item, so it exists only while the menu is open. */
  #openMenu() {
    if (this.app.overlays.anyOpen) return;
    const input = this.#standing('menu');
    const standing = input ?? this.button.querySelector('input');
    const label = this.app.era('E4') ? 'Upload files' : 'Upload a file';
    const item = menuItem(
      'upload',
      label,
      'upload-file-menu-item',
      () => (standing ?? this.#input()).click(),
      { 'aria-label': label },
      input,
    );
    this.menu = this.app.overlays.menu(this.trigger, [item]);
  }

  #chosen(input) {
    const { knobs, preferences } = this.app;
    const files = [...input.files];
    const taken = knobs.single_file_upload ? files.slice(0, 1) : files;
    const start = () => taken.forEach((file) => this.#add(file));
    const allowed = () => (this.driveAllowed ? start() : this.#askDrive(start));
    input.value = '';
    this.menu?.close();
    if (taken.length === 0) return;
    if (!knobs.copyright_dialog || preferences.get('fileCopyrightAcknowledged')) allowed();
    else this.#askCopyright(allowed);
  }

  #askDrive(start) {
    const allow = () => {
      this.driveAllowed = true;
      start();
    };
    ask(this.app.overlays, {
      title: 'Allow access to Google Drive',
      body: 'Files of prompts are stored in your Google Drive.',
      actions: [{ text: 'Not now' }, { text: 'Allow', primary: true, run: allow }],
    });
  }

  #askCopyright(start) {
    const agree = () => {
      this.app.preferences.set('fileCopyrightAcknowledged', true);
      start();
    };
    ask(this.app.overlays, {
      title: 'Before you upload',
      body: 'You confirm that you hold the rights to the files that you upload, and that their use here respects the rights of others.',
      actions: [
        { text: 'Cancel' },
        { text: 'Acknowledge', primary: true, label: 'Acknowledge copyright notice', run: agree },
      ],
    });
  }

  async #add(source) {
    const fault = this.faults.shift() ?? null;
    if (fault === 'silent') return;
    const file = { name: source.name, id: null, request: null, failed: false };
    this.files.push(file);
    this.#show();
    if (fault === 'stuck') return;
    try {
      const id = await upload(this.app, source, file);
      if (fault === 'toast' || fault === 'late_toast') throw new Error('this type is not supported');
      if (fault === 'chip') file.failed = true;
      else if (this.files.includes(file)) file.id = id;
    } catch (error) {
      this.files = this.files.filter((item) => item !== file);
      const tell = () => this.app.overlays.toast(`Failed to upload ${source.name}: ${error.message}`, 'error');
      if (fault === 'late_toast') setTimeout(tell, 200);
      else tell();
    }
    if (file.id !== null) this.app.tokens.touch();
    this.#show();
  }

  #remove(file) {
    file.request?.abort();
    this.files = this.files.filter((item) => item !== file);
    this.app.tokens.touch();
    this.#show();
  }

  clear() {
    this.files = [];
    this.#show();
  }

  #show() {
    this.row.hidden = this.empty;
    fill(
      this.chips,
      this.files.map((file) => this.#chip(file)),
    );
    this.onChange();
  }

  #chip(file) {
    const busy = file.id === null && !file.failed;
    const state = busy
      ? el('mat-progress-spinner', { role: 'progressbar', 'aria-label': 'Uploading' })
      : icon(file.failed ? 'error' : 'description');
    const remove = msButton({
      variant: 'icon borderless small',
      label: 'Remove media',
      ligature: 'close',
      on: { click: () => this.app.tick(() => this.#remove(file)) },
    });
    return el(
      'ms-media-chip',
      { 'aria-busy': busy ? 'true' : null },
      state,
      el('span', { class: 'name', text: file.name }),
      remove,
    );
  }
}
