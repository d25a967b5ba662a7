/** The section "Tools": one switch per tool, with the site's mutual exclusions. */

import { el, fill, msButton, setDisabled } from '../dom.js';
import { atLeast } from '../faults.js';
import { openFunctionDeclarations } from '../function-declarations.js';
import { openStructuredOutput } from '../structured-output.js';
import { SlideToggle } from '../widgets/slide-toggle.js';
import { row, Section } from './rows.js';

const INCOMPATIBLE = 'This tool is not compatible with the current active tools.';

/** name, label, test id, class of the switch, accessible name of the switch (by default the label). */
function specifications(knobs) {
  return [
    {
      name: 'structured',
      text: atLeast(knobs, 'E6') ? 'Structured outputs' : 'Structured output',
      testId: 'structuredOutputTooltip',
      control: 'structured_toggle',
      className: 'structured-output-toggle',
    },
    { name: 'code', text: 'Code execution', testId: 'codeExecutionTooltip', className: 'code-execution-toggle' },
    {
      name: 'functions',
      text: 'Function calling',
      testId: 'functionCallingTooltip',
      control: 'function_toggle',
      className: 'function-calling-toggle',
    },
    {
      name: 'search',
      text: 'Grounding with Google Search',
      testId: 'searchAsAToolTooltip',
      control: 'search_toggle',
      className: 'search-as-a-tool-toggle',
    },
    {
      name: 'maps',
      text: 'Grounding with Google Maps',
      testId: 'googleMapsTooltip',
      className: 'google-maps-toggle',
    },
    {
      name: 'url',
      text: 'URL context',
      testId: 'browseAsAToolTooltip',
      className: 'browse-as-a-tool-toggle',
      label: atLeast(knobs, 'E4') ? null : 'Browse the url context',
      tooltip: 'Browse the url context',
      wrap: 'ms-browse-as-a-tool',
    },
  ];
}

export class ToolsSection {
  constructor(app) {
    this.app = app;
    this.rows = specifications(app.knobs).map((spec, index) => new ToolRow(app, spec, index));
    this.children = el('div', { class: 'tools-list' });
    this.section = new Section(app, {
      control: 'tools_header',
      title: 'Tools',
      label: 'Expand or collapse tools',
      preference: 'areToolsOpen',
      children: this.children,
    });
    this.host = this.section.host;
  }

  sync() {
    const { run } = this.app;
    const shown = this.rows.filter((item) => item.host && run.has(item.name));
    const nodes = shown.map((item) => item.host);
    if (
      nodes.length !== this.children.children.length ||
      nodes.some((node, index) => this.children.children[index] !== node)
    ) {
      fill(this.children, nodes);
    }
    for (const item of shown) item.sync();
    this.host.hidden = shown.length === 0;
  }
}

class ToolRow {
  constructor(app, spec, index) {
    this.app = app;
    this.name = spec.name;
    this.clicks = 0;
    this.toggle = new SlideToggle({
      number: index,
      label: spec.label === undefined ? spec.text : spec.label,
      className: spec.className,
      onChange: (on) => app.run.setTool(spec.name, on),
    });
    this.edit = this.#editButton();
    const controls = el('div', { class: 'item-controls' }, this.edit, this.toggle.host);
    const label = app.faults.word(spec.control, spec.text);
    const attributes = { 'data-test-id': spec.testId, mattooltip: spec.tooltip ?? null };
    const host = row(label, spec.wrap ? el(spec.wrap, {}, controls) : controls, { attributes });
    this.host = app.faults.mark(spec.control, host);
  }

  #editButton() {
    const { faults } = this.app;
    if (this.name === 'functions') {
      const button = msButton(
        {
          variant: 'borderless small',
          class: 'edit-function-declarations-button',
          label: 'Edit function declarations',
          on: { click: () => this.#openDialog(openFunctionDeclarations) },
        },
        el('span', { text: faults.word('function_edit', 'Edit') }),
      );
      return faults.mark('function_edit', button);
    }
    if (this.name === 'structured') {
      const button = msButton(
        { variant: 'borderless small', on: { click: () => this.#openDialog(openStructuredOutput) } },
        el('span', { text: faults.word('structured_edit', 'Edit') }),
      );
      return faults.mark('structured_edit', button);
    }
    return null;
  }

  #openDialog(open) {
    this.clicks += 1;
    if (this.clicks > this.app.knobs.swallow_dialog_clicks) open(this.app);
  }

  sync() {
    const { run } = this.app;
    const blocked = run.blocked(this.name);
    this.toggle.sync({ checked: Boolean(run.tools[this.name]), disabled: blocked });
    if (this.edit) setDisabled(this.edit, !run.tools[this.name]);
    this.host.title = blocked ? INCOMPATIBLE : '';
  }
}
