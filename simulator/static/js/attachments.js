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
    this.button = el('ms-add-media-button', {}, this.trigger);
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

  /** The file input lives inside the menu item, so it exists only while the menu is open. */
  #openMenu() {
    if (this.app.overlays.anyOpen) return;
    const input = el('input', {
      type: 'file',
      class: 'file-input',
      'data-test-upload-file-input': true,
      multiple: !this.app.knobs.single_file_upload,
      tabindex: '-1',
      on: { click: (event) => event.stopPropagation(), change: () => this.#chosen([...input.files]) },
    });
    const label = this.app.era('E4') ? 'Upload files' : 'Upload a file';
    const item = menuItem(
      'upload',
      label,
      'upload-file-menu-item',
      () => input.click(),
      { 'aria-label': label },
      input,
    );
    this.menu = this.app.overlays.menu(this.trigger, [item]);
  }

  #chosen(files) {
    const { knobs, preferences } = this.app;
    const taken = knobs.single_file_upload ? files.slice(0, 1) : files;
    const start = () => taken.forEach((file) => this.#add(file));
    this.menu.close();
    if (taken.length === 0) return;
    if (!knobs.copyright_dialog || preferences.get('fileCopyrightAcknowledged')) start();
    else this.#askCopyright(start);
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
    const file = { name: source.name, id: null, request: null };
    this.files.push(file);
    this.#show();
    try {
      const id = await upload(this.app, source, file);
      if (this.files.includes(file)) file.id = id;
    } catch (error) {
      this.files = this.files.filter((item) => item !== file);
      this.app.overlays.toast(`Failed to upload ${source.name}: ${error.message}`, 'error');
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
    const busy = file.id === null;
    const state = busy
      ? el('mat-progress-spinner', { role: 'progressbar', 'aria-label': 'Uploading' })
      : icon('description');
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
