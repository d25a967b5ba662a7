/** The token counter under the prompt: zero until CountTokens has answered. */

import { el } from './dom.js';
import { Debounce, Signal } from './signal.js';
import { countMessage } from './wire.js';

export class TokenCounter {
  #round = 0;

  constructor(app) {
    this.app = app;
    this.changed = new Signal();
    this.inFlight = false;
    this.value = el('span', { class: 'v3-token-count-value', text: '0' });
    this.host = el(
      'ms-token-status',
      {},
      el('ms-token-count', {}, this.value, el('span', { class: 'token-unit', text: ' tokens' })),
    );
    this.timer = new Debounce(
      () => app.knobs.token_count_delay_ms,
      () => this.#ask(),
    );
  }

  /** True from a change of the prompt until its count has arrived. */
  get pending() {
    return this.timer.pending || this.inFlight;
  }

  show(count) {
    this.value.textContent = count.toLocaleString('en-US');
  }

  /** The draft changed: count it a little later. */
  touch() {
    this.#round += 1;
    this.inFlight = false;
    this.timer.poke();
  }

  /** The draft is gone: answers under way are ignored. */
  cancel({ zero = false } = {}) {
    this.#round += 1;
    this.inFlight = false;
    this.timer.cancel();
    if (zero) this.show(0);
  }

  async #ask() {
    const { app } = this;
    const turns = [
      ...app.chat.turns.filter((turn) => !turn.error),
      { role: 'user', parts: app.promptBox.parts() },
    ];
    const hasMedia = app.promptBox.attachments.ready.length > 0;
    const round = this.#round;
    if (!app.run.model) return this.touch();
    this.inFlight = true;
    try {
      const response = await app.rpc.unary('CountTokens', countMessage({ run: app.run, turns, hasMedia }));
      if (round === this.#round) this.show(response[0] ?? 0);
    } catch (error) {
      const denied = error.code === 7;
      if (round === this.#round)
        app.overlays.toast(
          `Failed to count tokens${denied ? ': permission denied' : ''}. Please try again.`,
          'error',
        );
    }
    if (round !== this.#round) return undefined;
    this.inFlight = false;
    return this.changed.emit();
  }
}
