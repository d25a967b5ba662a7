/** The scrolling list of turns, the zero state, the prompt scrollbar, and turn virtualisation. */

import { el, fill } from './dom.js';
import { textOf } from './wire.js';
import { TurnView } from './turn-view.js';

const NEAR_END_PX = 120;

export class ChatView {
  constructor(app) {
    this.app = app;
    this.views = new Map();
    this.content = el('div', { class: 'chat-session-content' });
    this.scroller = el('ms-autoscroll-container', {}, this.content);
    this.session = el('ms-chat-session', {}, this.scroller);
    this.host = el('div', { class: 'chat-container' }, el('div', { class: 'chat-view-container' }, this.session));
    this.scrollbar = el(app.era('E6') ? 'ms-items-scrollbar' : 'ms-prompt-scrollbar');
    this.following = true;
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.observer = app.knobs.virtualise ? this.#observe() : null;
    this.showZeroState();
  }

  #observe() {
    return new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          const view = entry.target.turnView;
          if (entry.isIntersecting) view.attachContent();
          else view.detachContent();
        }
      },
      { root: this.scroller, rootMargin: '100% 0px' },
    );
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  showZeroState() {
    const hello = this.app.boot.account?.name?.split(' ')[0];
    const ideas = [
      'Explain a hard idea simply',
      'Write a small program',
      'Plan a weekend',
      'Summarise a long text',
    ];
    const chips = ideas.map((text) =>
      el('button', { type: 'button', class: 'idea', text, on: { click: () => this.app.promptBox.suggest(text) } }),
    );
    fill(
      this.content,
      el(
        'ms-zero-state',
        {},
        el('h1', { text: hello ? `Hello, ${hello}` : 'Hello' }),
        el('p', { text: 'What should the model work on?' }),
        el('div', { class: 'ideas' }, chips),
      ),
    );
  }

  clear() {
    for (const views of this.views.values()) for (const view of views) this.observer?.unobserve(view.host);
    this.views.clear();
    fill(this.scrollbar);
    this.following = true;
    this.showZeroState();
  }

  /** Show a turn; the newest ones stay pinned until they are finished. */
  add(turn, options = {}) {
    if (this.views.size === 0) fill(this.content);
    const view = new TurnView(this.app, turn, options);
    view.host.turnView = view;
    this.views.set(turn, [...(this.views.get(turn) ?? []), view]);
    this.content.append(view.host);
    this.observer?.observe(view.host);
    if (turn.role === 'user') this.#mark(turn, view);
    this.toEnd();
    return view;
  }

  #mark(turn, view) {
    const label = textOf(turn.parts).slice(0, 120);
    const button = el('button', {
      type: 'button',
      'aria-controls': view.host.id,
      'aria-label': label,
      title: label,
      on: { click: () => view.host.scrollIntoView({ block: 'start' }) },
    });
    this.scrollbar.append(button);
  }

  remove(turn) {
    for (const view of this.views.get(turn) ?? []) {
      this.observer?.unobserve(view.host);
      this.scrollbar.querySelector(`[aria-controls="${view.host.id}"]`)?.remove();
      view.host.remove();
    }
    this.views.delete(turn);
    if (this.views.size === 0) this.clear();
  }

  toEnd() {
    this.following = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Keep the end in view while text grows, unless the reader has scrolled up. */
  follow() {
    if (this.following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
