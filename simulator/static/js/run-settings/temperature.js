/** Temperature: 0 to 2. */

import { el } from '../dom.js';
import { atLeast } from '../faults.js';
import { Slider } from '../widgets/slider.js';
import { columnRow } from './rows.js';

export class TemperatureRow {
  constructor(app) {
    this.run = app.run;
    this.slider = new Slider({
      label: atLeast(app.knobs, 'E6') ? 'Temperature' : null,
      title: 'Creativity allowed in the responses',
      min: 0,
      max: 2,
      step: 0.05,
      textual: atLeast(app.knobs, 'E4'),
      onCommit: (temperature) => app.run.set({ temperature }),
    });
    const label = app.faults.word('temperature', 'Temperature');
    const host = columnRow(label, this.slider.host, {
      attributes: { 'data-test-id': 'temperatureSliderContainer' },
    });
    this.host = app.faults.mark('temperature', host) ?? el('div');
  }

  sync() {
    this.slider.sync(this.run.temperature);
  }
}
