/** The section "Advanced settings": stop sequences, output length, top-p, safety settings. */

import { el, msButton } from '../dom.js';
import { atLeast } from '../faults.js';
import { openSafetySettings } from '../safety-settings.js';
import { Slider } from '../widgets/slider.js';
import { StopSequences } from '../widgets/chips.js';
import { columnRow, row, Section } from './rows.js';

export class AdvancedSection {
  constructor(app) {
    this.app = app;
    this.run = app.run;
    const rows = [this.#safety(), this.#stops(), this.#length(), this.#topP()];
    this.section = new Section(app, {
      control: 'advanced_header',
      title: 'Advanced settings',
      label: 'Expand or collapse advanced settings',
      preference: 'isAdvancedOpen',
      children: rows.filter(Boolean),
    });
    this.host = this.section.host;
  }

  #safety() {
    const edit = msButton(
      {
        variant: 'borderless small',
        class: 'edit-safety-button',
        label: 'Edit safety settings',
        on: { click: () => openSafetySettings(this.app) },
      },
      el('span', { text: 'Edit' }),
    );
    const { faults } = this.app;
    const host = row(faults.word('safety_edit', 'Safety settings'), edit, { className: 'safety-settings' });
    return faults.mark('safety_edit', host);
  }

  #stops() {
    const { faults, knobs } = this.app;
    this.stops = new StopSequences({
      label: atLeast(knobs, 'E6') ? 'Add stop sequence' : 'Add stop token',
      knobs,
      onAdd: (text) => this.run.set({ stops: [...this.run.stops, text] }),
      onRemove: (text) => this.run.set({ stops: this.run.stops.filter((stop) => stop !== text) }),
    });
    const label = atLeast(knobs, 'E6') ? 'Add stop sequence' : 'Add stop token';
    const host = columnRow(faults.word('stop_sequence_input', label), this.stops.host);
    return faults.mark('stop_sequence_input', host);
  }

  #length() {
    this.length = el('input', {
      type: 'number',
      min: 1,
      step: 1,
      class: 'output-length-input',
      'ms-input': true,
      'aria-label': 'Maximum output tokens',
      on: { change: () => this.#commitLength(), blur: () => this.#commitLength() },
    });
    const { faults } = this.app;
    const host = row(faults.word('max_output_tokens', 'Output length'), this.length, {
      className: 'output-length',
    });
    return faults.mark('max_output_tokens', host);
  }

  #commitLength() {
    const number = Math.round(Number(this.length.value));
    if (this.length.value.trim() === '' || !Number.isFinite(number)) return this.#showLength();
    const value = Math.min(this.run.model.outputLimit, Math.max(1, number));
    if (value === this.run.maxOutputTokens) return this.#showLength();
    return this.run.set({ maxOutputTokens: value });
  }

  #showLength() {
    this.shownLength = this.run.maxOutputTokens;
    this.length.value = String(this.shownLength);
  }

  #topP() {
    const { faults, knobs } = this.app;
    this.topP = new Slider({
      label: atLeast(knobs, 'E6') ? 'Top P' : null,
      title: 'Top P set of tokens to consider during generation.',
      min: 0,
      max: 1,
      step: 0.05,
      textual: atLeast(knobs, 'E4'),
      onCommit: (topP) => this.run.set({ topP }),
    });
    const attributes = { mattooltip: 'Probability threshold for top-p sampling' };
    return faults.mark('top_p', columnRow(faults.word('top_p', 'Top P'), this.topP.host, { attributes }));
  }

  sync() {
    this.stops.sync(this.run.stops);
    this.topP.sync(this.run.topP);
    this.length.setAttribute('max', String(this.run.model.outputLimit));
    if (this.shownLength !== this.run.maxOutputTokens) this.#showLength();
  }
}
