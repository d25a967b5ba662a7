/**
 * How an image model's pictures are to be: a select for the aspect ratio, and one for the size where the
 * model has a choice. Of the second only the row's label is told from memory; before E6 it has no other mark.
 */

import { el, fill } from '../dom.js';
import { atLeast } from '../faults.js';
import { Select } from '../widgets/select.js';
import { row } from './rows.js';

const RATIOS = ['Auto', '1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];

export class PictureRows {
  constructor(app) {
    this.run = app.run;
    this.host = el('div', { class: 'picture-rows' });
    this.ratio = this.#select(app, 'aspect-ratio', 'Aspect ratio', (ratio) => app.run.set({ ratio }));
    this.size = this.#select(app, 'resolution', atLeast(app.knobs, 'E6') ? 'Resolution' : null, (size) =>
      app.run.set({ size }),
    );
    const { faults } = app;
    this.ratioRow = faults.mark('aspect_ratio', row(faults.word('aspect_ratio', 'Aspect ratio'), this.ratio.field));
    this.sizeRow = faults.mark('image_size', row(faults.word('image_size', 'Resolution'), this.size.field));
    this.shown = null;
  }

  #select({ overlays, tick }, name, label, onChoose) {
    return new Select({ overlays, tick, id: `mat-select-${name}`, label, options: [], onChoose });
  }

  sync() {
    const { model, ratio, size } = this.run;
    if (this.shown !== model) {
      this.shown = model;
      fill(this.host, [model.makesPictures && this.ratioRow, model.sizes.length > 0 && this.sizeRow].filter(Boolean));
    }
    this.ratio.sync(ratio, named(RATIOS));
    this.size.sync(size, named(model.sizes));
  }
}

function named(values) {
  return values.map((value) => ({ value, text: value }));
}
