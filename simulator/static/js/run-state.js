/**
 * The run settings as values. Widgets show them and ask for changes; a change takes effect one
 * tick later, and only then are the widgets told.
 */

import { Signal } from './signal.js';

export const HARM_CATEGORIES = [
  { id: 7, label: 'Harassment' },
  { id: 8, label: 'Hate' },
  { id: 9, label: 'Sexually Explicit' },
  { id: 10, label: 'Dangerous Content' },
];

/** Switches that cannot be on together with function calling. */
const AGAINST_FUNCTIONS = ['search', 'url', 'code', 'maps'];

export class RunState extends Signal {
  constructor({ preferences, tick }) {
    super();
    this.preferences = preferences;
    this.tick = tick;
    this.model = null;
    this.stops = [];
    this.system = '';
    this.resetValues();
  }

  /** Everything that belongs to a model goes to that model's defaults; stop sequences stay. */
  resetValues() {
    const { model } = this;
    const thinking = model?.thinking ?? { kind: 'none' };
    this.temperature = model?.temperature ?? 1;
    this.topP = model?.topP ?? 0.95;
    this.topK = model?.topK ?? 64;
    this.maxOutputTokens = model?.outputLimit ?? 65536;
    this.thinkingOn = !thinking.off;
    this.manualBudget = false;
    this.budget = thinking.budget ?? null;
    this.level = thinking.level ?? null;
    this.resolution = 'Default';
    this.ratio = 'Auto';
    this.size = '1K';
    this.tools = { search: this.preferences.get('enableSearchAsATool') !== false };
    this.declarations = [];
    this.schema = null;
    this.safety = Object.fromEntries(HARM_CATEGORIES.map(({ id }) => [id, 5]));
  }

  /** Change several values, one tick later. */
  set(patch) {
    this.tick(() => {
      Object.assign(this, patch);
      this.emit();
    });
  }

  setTool(name, on) {
    this.set({ tools: { ...this.tools, [name]: on } });
  }

  /** Take a model, with its defaults. */
  choose(model) {
    this.model = model;
    this.resetValues();
    this.preferences.set('promptModel', model.name);
    this.emit();
  }

  /** Back to the model's defaults without touching the model. */
  reset() {
    this.stops = [];
    this.resetValues();
    this.emit();
  }

  has(tool) {
    return Boolean(this.model?.tools.includes(tool));
  }

  active(tool) {
    return this.has(tool) && Boolean(this.tools[tool]);
  }

  /** True when another active tool keeps this switch from being used. */
  blocked(tool) {
    if (tool === 'functions') return AGAINST_FUNCTIONS.some((other) => this.active(other));
    return AGAINST_FUNCTIONS.includes(tool) && this.active('functions');
  }
}
