/** The side sheet "Model selection": category chips, rows, and from era E6 a search box. */

import { el, fill, icon, msButton } from './dom.js';
import { CATEGORIES } from './catalogue.js';
import { atLeast } from './faults.js';
import { dialogHeader } from './overlays.js';

export function openModelPicker(app) {
  if (app.overlays.anyOpen) return;
  app.tick(() => new ModelPicker(app));
}

class ModelPicker {
  constructor(app) {
    this.app = app;
    this.category = 'Featured';
    this.query = '';
    this.list = el('div', { class: 'model-options-container' });
    this.chips = CATEGORIES.map((name) => this.#chip(name));
    this.pane = app.overlays.sideSheet(el('ms-model-carousel', {}, this.#parts()), { label: 'Model selection' });
    this.#markChips();
    app.overlays.afterAnimation(() => this.#render());
  }

  #parts() {
    const header = dialogHeader('Model selection', { sheet: true, close: () => this.pane.close() });
    const chips = el('div', { class: 'category-chips' }, this.chips);
    return [header, atLeast(this.app.knobs, 'E6') ? this.#search() : null, chips, this.list];
  }

  #search() {
    const input = el('input', {
      type: 'text',
      'ms-input': true,
      'aria-label': 'Search',
      placeholder: 'Search for a model',
      autocomplete: 'off',
    });
    input.addEventListener('input', () => {
      this.query = input.value.trim().toLowerCase();
      this.app.tick(() => this.#render());
    });
    return el('div', { class: 'search-box' }, icon('search'), input);
  }

  #chip(name) {
    return msButton(
      {
        variant: 'filter-chip',
        'data-test-category-button': true,
        'data-category': name,
        on: { click: () => this.#choose(name) },
      },
      el('span', { text: name }),
    );
  }

  #choose(name) {
    this.category = name;
    this.app.tick(() => {
      this.#markChips();
      this.#render();
    });
  }

  #markChips() {
    for (const chip of this.chips) {
      const selected = chip.dataset.category === this.category;
      chip.setAttribute('aria-selected', String(selected));
      chip.setAttribute('aria-pressed', String(selected));
      chip.classList.toggle('ms-button-active', selected);
    }
  }

  #render() {
    const matches = (model) => `${model.title} ${model.id}`.toLowerCase().includes(this.query);
    const models = this.app.catalogue.category(this.query ? 'All' : this.category).filter(matches);
    const rows = models.map((model) => this.#row(model)).filter(Boolean);
    fill(this.list, rows.length > 0 ? rows : el('p', { class: 'nothing', text: 'No model found' }));
  }

  #row(model) {
    const tags = [model.fresh && 'New', model.paid && 'Paid'].filter(Boolean);
    const title = el(
      'div',
      { class: 'model-title' },
      icon(model.kind === 'image' ? 'image' : model.kind === 'video' ? 'movie' : 'spark'),
      el('span', { class: 'model-title-text', text: model.title }),
      tags.map((tag) => el('span', { class: 'model-tag', text: tag })),
    );
    const button = el(
      'button',
      {
        type: 'button',
        class: 'content-button',
        id: `model-carousel-row-${model.name}`,
        on: { click: () => this.#pick(model) },
      },
      title,
      el('div', { class: 'model-row-id' }, el('span', { text: model.id }), icon('info')),
      el('div', { class: 'model-row-description', text: model.description }),
      model.prices && el('div', { class: 'model-row-prices', text: model.prices }),
    );
    if (model.id === this.app.run.model?.id) button.classList.add('selected');
    return this.app.faults.mark('model_rows', el('ms-model-carousel-row', {}, button));
  }

  #pick(model) {
    const { app } = this;
    app.tick(() => {
      if (model.chat) app.chooseModel(model);
      else
        app.overlays.toast(
          `${model.title} opens on a page of its own, which is not part of the simulator.`,
          'warning',
        );
      this.pane.close();
    });
  }
}
