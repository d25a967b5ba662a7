/** The card that previews the system instructions and opens their sheet. */

import { el } from '../dom.js';
import { openSystemInstructions } from '../system-instructions.js';

export class SystemInstructionsCard {
  constructor(app) {
    this.app = app;
    this.preview = el('span', { class: 'subtitle' });
    this.button = el(
      'button',
      {
        type: 'button',
        class: 'system-instructions-card',
        'data-test-system-instructions-card': true,
        'aria-label': 'System instructions',
        on: { click: () => openSystemInstructions(app) },
      },
      el('span', { class: 'title', text: app.faults.word('system_instructions_card', 'System instructions') }),
      this.preview,
    );
    this.host =
      app.faults.mark('system_instructions_card', el('div', { class: 'x-system-card' }, this.button)) ?? el('div');
  }

  sync() {
    const text = this.app.run.system.slice(0, 200);
    this.preview.textContent = text.trim() === '' ? 'Optional tone and style instructions for the model' : text;
  }
}
