/**
 * ms-right-side-panel > div > ms-run-settings: the column of run settings.
 *
 * On windows of at most 960 px, and after it was closed by hand, the inner div does not exist until
 * the toggle button of the toolbar is pressed.
 */

import { el, fill, msButton } from '../dom.js';
import { atLeast } from '../faults.js';
import { AdvancedSection } from './advanced.js';
import { ModelCard } from './model-card.js';
import { PictureRows } from './pictures.js';
import { SystemInstructionsCard } from './system-card.js';
import { TemperatureRow } from './temperature.js';
import { ResolutionRow } from './resolution.js';
import { ThinkingRows } from './thinking.js';
import { ToolsSection } from './tools.js';

export const NARROW = 960;

export class RunSettingsPanel {
  constructor(app) {
    this.app = app;
    this.host = el('ms-right-side-panel');
    this.open = window.innerWidth > NARROW;
    this.inner = el('div', { class: 'right-side-panel-inner' }, this.#build());
    this.#show();
    app.run.on(() => this.sync());
    window.addEventListener('resize', () => this.#resized());
  }

  #build() {
    const { app } = this;
    this.parts = [
      new ModelCard(app),
      new SystemInstructionsCard(app),
      new TemperatureRow(app),
      new ResolutionRow(app),
      new PictureRows(app),
      new ThinkingRows(app),
      new ToolsSection(app),
      new AdvancedSection(app),
    ];
    const items = el(
      'div',
      { class: 'settings-items-wrapper scrollable-area', msscrollable: true },
      this.parts.map((part) => part.host),
    );
    const body = atLeast(app.knobs, 'E6') ? items : el('ms-prompt-run-settings', {}, items);
    const close = msButton({
      variant: 'icon borderless',
      label: 'Close run settings panel',
      ligature: 'close',
      iconname: 'close',
      on: { click: () => this.toggle(false) },
    });
    const reset = msButton({
      variant: 'icon borderless',
      label: 'Reset default settings',
      ligature: 'reset_settings',
      on: { click: () => app.tick(() => app.run.reset()) },
    });
    return el(
      'ms-run-settings',
      { class: 'expanded' },
      el(
        'div',
        { class: 'overlay-header' },
        el('h2', { text: 'Run settings' }),
        el('div', { class: 'header-actions' }, reset, close),
      ),
      body,
    );
  }

  sync() {
    if (!this.app.run.model) return;
    for (const part of this.parts) part.sync();
  }

  toggle(open = !this.open) {
    this.app.tick(() => {
      this.open = open;
      this.#show();
    });
  }

  #resized() {
    const wide = window.innerWidth > NARROW;
    if (wide === this.wide) return;
    this.open = wide;
    this.#show();
  }

  #show() {
    this.wide = window.innerWidth > NARROW;
    fill(this.host, this.open ? this.inner : null);
    document.body.classList.toggle('x-settings-closed', !this.open);
  }
}
