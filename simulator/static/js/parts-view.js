/** The content of a turn: thought, text, media, calls and code, in the order they came. */

import { el, icon } from './dom.js';
import { codeBlock } from './markdown.js';
import { TextFlow } from './text-flow.js';
import { readStruct, textOf } from './wire.js';

const SHOWN_AT_FIRST = 8000;

/** What the user sent. A huge text is cut for display until asked for; it stays one text node. */
export class UserParts {
  constructor(turn) {
    this.turn = turn;
    this.host = el('ms-prompt-chunk', { class: 'text-chunk' });
    this.show();
  }

  replaceText() {
    this.show();
  }

  show(whole = false) {
    const text = textOf(this.turn.parts);
    const cut = !whole && text.length > SHOWN_AT_FIRST;
    const shown = cut ? `${text.slice(0, SHOWN_AT_FIRST)}…` : text;
    const more = el(
      'button',
      { type: 'button', class: 'show-more', on: { click: () => this.show(true) } },
      el('span', { text: `Show all ${text.length.toLocaleString('en-US')} characters` }),
    );
    const media = (this.turn.files ?? []).map((file) =>
      el('ms-file-chunk', {}, icon('description'), el('span', { class: 'name', text: file.name })),
    );
    this.host.replaceChildren(
      ...media,
      el('ms-text-chunk', {}, el('ms-cmark-node', { class: 'cmark-node user-chunk', text: shown })),
      ...(cut ? [more] : []),
    );
  }
}

/** What the model answers. Parts are queued by `add` and become visible by `paint`. */
export class PartsView {
  constructor() {
    this.host = el('ms-prompt-chunk', { class: 'text-chunk' });
    this.thought = null;
    this.flow = null;
    this.flows = [];
    this.dirty = new Set();
  }

  add(part) {
    if (part[12] && typeof part[1] === 'string') this.#grow(this.#thoughtFlow(), part[1]);
    else if (typeof part[1] === 'string') part[1] !== '' && this.#grow(this.#answerFlow(), part[1]);
    else this.#single(part);
  }

  #grow(flow, text) {
    flow.append(text);
    this.dirty.add(flow);
  }

  #thoughtFlow() {
    if (!this.thought) {
      this.thought = new ThoughtChunk();
      this.host.append(this.thought.host);
    }
    this.flow = null;
    return this.thought.flow;
  }

  #answerFlow() {
    if (!this.flow) {
      this.flow = new TextFlow();
      this.flows.push(this.flow);
      this.host.append(el('ms-text-chunk', {}, this.flow.host));
    }
    return this.flow;
  }

  #single(part) {
    const node = singlePart(part);
    if (!node) return;
    if (part[12]) this.#thoughtFlow();
    this.flow = null;
    if (part[12]) this.thought.add(node);
    else this.host.append(node);
  }

  /** After an edit by hand: one text instead of the streamed ones. */
  replaceText(text) {
    this.host.replaceChildren();
    this.thought = null;
    this.flow = null;
    this.flows = [];
    this.add([null, text]);
    this.finish();
  }

  paint() {
    for (const flow of this.dirty) flow.paint();
    this.dirty.clear();
  }

  finish() {
    for (const flow of this.flows) flow.finish();
    this.thought?.finish();
    this.dirty.clear();
  }
}

/** ms-thought-chunk: an expansion panel, open while the model thinks. */
class ThoughtChunk {
  constructor() {
    this.flow = new TextFlow();
    this.title = el(
      'mat-panel-title',
      { class: 'mat-expansion-panel-header-title' },
      icon('psychology'),
      el('span', { text: 'Thinking' }),
      icon('expand_more', 'x-chevron'),
    );
    this.panel = el(
      'mat-expansion-panel',
      { class: 'mat-expansion-panel thought-panel mat-expanded' },
      el(
        'mat-expansion-panel-header',
        {
          class: 'mat-expansion-panel-header',
          role: 'button',
          tabindex: '0',
          'aria-expanded': 'true',
          on: { click: () => this.toggle(), keydown: (event) => event.key === 'Enter' && this.toggle() },
        },
        this.title,
      ),
      el('div', { class: 'mat-expansion-panel-body' }, el('ms-text-chunk', {}, this.flow.host)),
    );
    this.host = el('ms-thought-chunk', {}, this.panel);
  }

  /** A draft that belongs to the thinking, such as a first image. */
  add(node) {
    this.panel.lastChild.append(node);
  }

  toggle(open = !this.panel.classList.contains('mat-expanded')) {
    this.panel.classList.toggle('mat-expanded', open);
    this.panel.firstChild.setAttribute('aria-expanded', String(open));
  }

  finish() {
    this.flow.finish();
    this.title.children[1].textContent = 'Thoughts';
    this.toggle(false);
  }
}

function singlePart(part) {
  if (Array.isArray(part[10])) return callChunk(part[10]);
  if (Array.isArray(part[7])) return codeBlock(part[7][1] ?? '', 'python');
  if (Array.isArray(part[8])) return codeBlock(part[8][1] ?? '', 'result');
  if (Array.isArray(part[2])) return mediaChunk(part[2]);
  return null;
}

function callChunk([name, struct]) {
  return el(
    'ms-function-call-chunk',
    {},
    codeBlock(JSON.stringify(readStruct(struct), null, 2), name, 'function'),
  );
}

function mediaChunk([mime, data]) {
  const source = `data:${mime};base64,${data}`;
  if (mime.startsWith('image/'))
    return el('ms-image-chunk', {}, el('img', { class: 'loaded-image', src: source, alt: 'Generated image' }));
  if (mime.startsWith('audio/')) return el('ms-audio-chunk', {}, el('audio', { controls: true, src: source }));
  return el('ms-file-chunk', {}, icon('description'), el('span', { class: 'name', text: mime }));
}
