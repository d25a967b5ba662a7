/** Media resolution: a select; models that take no media do not show it. */

import { el } from '../dom.js';
import { atLeast } from '../faults.js';
import { Select } from '../widgets/select.js';
import { row } from './rows.js';

export class ResolutionRow {
  constructor(app) {
    this.run = app.run;
    const names = ['Default', 'Low', 'Medium', ...(atLeast(app.knobs, 'E6') ? ['High'] : [])];
    this.select = new Select({
      overlays: app.overlays,
      tick: app.tick,
      id: 'mat-select-media-resolution',
      label: 'Media resolution',
      options: names.map((name) => ({ value: name, text: name })),
      onChoose: (resolution) => app.run.set({ resolution }),
    });
    const { faults } = app;
    this.row = row(faults.word('media_resolution', 'Media resolution'), this.select.field, {
      className: 'media-resolution-selector',
    });
    this.host = el('div', {}, faults.mark('media_resolution', this.row));
  }

  sync() {
    this.row.hidden = this.run.model.kind !== 'text';
    this.select.sync(this.run.resolution);
  }
}
