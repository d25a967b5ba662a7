/** The card that names the current model and opens the picker. */

import { el, setAttribute } from '../dom.js';
import { atLeast } from '../faults.js';
import { mutated } from '../mutations.js';
import { openModelPicker } from '../model-picker.js';

export class ModelCard {
  constructor(app) {
    this.app = app;
    this.title = el('span', { class: 'title' });
    this.id = el('span', { class: 'model-id', 'data-test-id': 'model-name' });
    this.description = el('span', { class: 'subtitle', 'data-test-id': 'model-description' });
    this.button = el(
      'button',
      { type: 'button', class: 'model-selector-card', on: { click: () => openModelPicker(app) } },
      this.title,
      this.id,
      this.description,
    );
    const tag = atLeast(app.knobs, 'E4') ? 'ms-model-selector' : 'ms-model-selector-v3';
    const host = el(app.faults.tag('model_card', tag), { class: 'x-model-card' }, this.button);
    this.host = app.faults.mark('model_card', host) ?? el('div');
  }

  sync() {
    const { model } = this.app.run;
    this.title.textContent = model.title;
    this.id.textContent = mutated('model_name_is_title') ? model.title : model.id;
    this.description.textContent = model.subtitle ?? model.description;
    setAttribute(this.button, 'title', model.description);
  }
}
