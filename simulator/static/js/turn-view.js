/** One turn of the conversation as the site renders it: shell, content, hover actions, footer. */

import { el, fill, icon, msButton } from './dom.js';
import { PartsView, UserParts } from './parts-view.js';
import { turnActions } from './turn-actions.js';

export class TurnView {
  constructor(app, turn, { thoughtOnly = false } = {}) {
    Object.assign(this, { app, turn, thoughtOnly });
    this.pinned = false;
    const user = turn.role === 'user';
    this.parts = user ? new UserParts(turn) : new PartsView();
    this.content = el('div', { class: 'turn-content' }, this.#label(), this.parts.host);
    this.scroll = el(
      'div',
      {
        class: `virtual-scroll-container ${turn.role}-prompt-container`,
        'data-turn-role': user ? 'User' : 'Model',
      },
      this.content,
    );
    this.actions = el('div', { class: 'actions-container' }, turnActions(this));
    this.container = el('div', { class: `chat-turn-container render ${turn.role}` }, this.actions, this.scroll);
    this.host = el('ms-chat-turn', { id: `turn-${turn.id}${thoughtOnly ? '-t' : ''}` }, this.container);
  }

  #label() {
    const time = new Date(this.turn.created).toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' });
    return el(
      'div',
      { class: 'author-label' },
      el('span', { text: this.turn.role === 'user' ? 'User' : 'Model' }),
      el('span', { class: 'timestamp', text: time }),
    );
  }

  showLoading(text) {
    this.loading = el('ms-chat-loading-indicator', { role: 'status' }, icon('spark'), el('span', { text }));
    this.content.append(this.loading);
  }

  clearLoading() {
    this.loading?.remove();
    this.loading = null;
  }

  /** The in-turn text of a failed generation, as a callout when the quota is used up. */
  showError(text, callout = null) {
    this.clearLoading();
    const tag = callout
      ? el('ms-callout', { class: `${callout}-callout` }, icon('error'), el('span', { class: 'message', text }))
      : null;
    const line = el('div', { class: 'model-error' }, icon('error'), el('span', { text }));
    this.content.append(el('ms-prompt-chunk', { class: 'text-chunk' }, tag ?? line));
  }

  showFooter({ seconds, finishNote }) {
    if (this.footer) return;
    const thumb = (ligature, label) =>
      msButton({
        variant: 'icon borderless small',
        label,
        ligature,
        iconname: this.app.era('E5') ? null : ligature,
      });
    this.footer = el(
      'div',
      { class: 'turn-footer' },
      thumb('thumb_up', 'Good response'),
      thumb('thumb_down', 'Bad response'),
      finishNote && el('span', { class: 'finish-note' }, icon('warning'), el('span', { text: finishNote })),
    );
    this.container.append(this.footer);
    if (seconds !== undefined)
      this.container.append(el('div', { class: 'model-run-time-pill', text: `${seconds.toFixed(1)}s` }));
  }

  /** Virtualisation: off-screen turns keep their shell and lose their content. */
  detachContent() {
    if (this.pinned || !this.content.isConnected) return;
    const spacer = el('div');
    spacer.style.height = `${this.content.offsetHeight}px`;
    fill(this.scroll, spacer);
  }

  attachContent() {
    if (this.content.parentNode !== this.scroll) fill(this.scroll, this.content);
  }
}
