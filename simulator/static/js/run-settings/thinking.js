/**
 * Thinking widgets: a level select, or a mode switch with a budget, or nothing, as the model has it.
 * What the model does not have is not in the document.
 */

import { el, fill } from '../dom.js';
import { atLeast } from '../faults.js';
import { levelName } from '../catalogue.js';
import { mutated } from '../mutations.js';
import { Select } from '../widgets/select.js';
import { SlideToggle } from '../widgets/slide-toggle.js';
import { Slider } from '../widgets/slider.js';
import { row } from './rows.js';

const FEWER = new Set(['Low', 'High']);
const offered = (level) => !mutated('thinking_levels_fewer') || FEWER.has(levelName(level));

export class ThinkingRows {
  constructor(app) {
    this.app = app;
    this.run = app.run;
    this.host = el('div', { class: 'thinking-rows' });
    this.shown = null;
    this.#levels();
    this.#switches();
  }

  #levels() {
    const label = atLeast(this.app.knobs, 'E6') ? 'Thinking level' : 'Thinking Level';
    this.level = new Select({
      overlays: this.app.overlays,
      tick: this.app.tick,
      id: 'mat-select-thinking-level',
      label,
      options: [],
      onChoose: (level) => this.run.set({ level }),
    });
    const { faults } = this.app;
    const host = el(
      faults.tag('thinking_level', 'ms-thinking-level-setting'),
      {},
      row(faults.word('thinking_level', label), this.level.field),
    );
    this.levelRow = faults.mark('thinking_level', host);
  }

  #switches() {
    this.mode = new SlideToggle({
      number: 20,
      label: 'Toggle thinking mode',
      hostAttributes: { 'data-test-toggle': 'enable-thinking' },
      onChange: (thinkingOn) => this.run.set({ thinkingOn }),
    });
    this.manual = new SlideToggle({
      number: 21,
      label: 'Toggle thinking budget between auto and manual',
      hostAttributes: { 'data-test-toggle': 'manual-budget' },
      onChange: (manualBudget) => this.run.set({ manualBudget }),
    });
    const { faults } = this.app;
    this.modeRow = faults.mark('thinking_mode', row('Thinking mode', this.mode.host));
    const manual = row('Set thinking budget', this.manual.host, {
      hint: 'Let the model decide how many thinking tokens to use, or choose your own value',
    });
    this.manualRow = faults.mark('thinking_budget_toggle', manual);
  }

  /** A slider for this model's range; made new per model because min and max belong to it. */
  #budget({ min, max }) {
    this.slider = new Slider({
      label: null,
      title: 'Thinking budget',
      min: Math.max(min, min === 0 ? 1 : min),
      max,
      step: 1,
      integer: true,
      textual: atLeast(this.app.knobs, 'E4'),
      attributes: { 'data-test-slider': true },
      onCommit: (budget) => this.run.set({ budget }),
    });
    const host = el(
      'div',
      { class: 'settings-item-column', 'data-test-id': 'user-setting-budget-animation-wrapper' },
      this.slider.host,
    );
    this.budgetRow = this.app.faults.mark('thinking_budget', host);
  }

  sync() {
    const { thinking } = this.run.model;
    if (this.shown !== thinking) this.#rebuild(thinking);
    if (thinking.kind === 'level') {
      this.level.sync(
        this.run.level,
        thinking.levels.filter(offered).map((value) => ({ value, text: levelName(value) })),
      );
    } else if (thinking.kind === 'budget') {
      this.#syncBudget(thinking);
    }
  }

  #rebuild(thinking) {
    this.shown = thinking;
    this.budgetHost = el('ms-thinking-budget-setting');
    if (thinking.kind === 'budget') this.#budget(thinking);
    fill(this.host, { level: this.levelRow, budget: this.budgetHost }[thinking.kind]);
  }

  #syncBudget(thinking) {
    const { thinkingOn, manualBudget, budget } = this.run;
    this.mode.sync({ checked: thinkingOn });
    this.manual.sync({ checked: manualBudget });
    this.slider.sync(budget);
    const rows = [
      thinking.canDisable && this.modeRow,
      thinkingOn && this.manualRow,
      thinkingOn && manualBudget && this.budgetRow,
    ].filter(Boolean);
    const same =
      rows.length === this.budgetHost.children.length &&
      rows.every((item, index) => this.budgetHost.children[index] === item);
    if (!same) fill(this.budgetHost, rows);
  }
}
