/**
 * Text that grows while it streams, in an ms-cmark-node.
 *
 * Whole blocks are rendered once and left alone; only the unfinished tail is repainted, so a long
 * answer costs the same per event at its end as at its start. `finish` renders the whole text anew,
 * because lists and tables may have been cut at block borders.
 */

import { el, fill } from './dom.js';
import { renderMarkdown } from './markdown.js';

const LONGEST_TAIL = 3000;
const RENDER_WHOLE_BELOW = 400000;

export class TextFlow {
  constructor() {
    this.source = '';
    this.settled = 0;
    this.tail = el('div', { class: 'x-tail' });
    this.host = el('ms-cmark-node', { class: 'cmark-node v3-font-body' }, this.tail);
  }

  append(text) {
    this.source += text;
  }

  /** Bring the nodes up to date with the source. */
  paint() {
    const open = this.source.slice(this.settled);
    const cut = settledLength(open);
    if (cut > 0) {
      this.tail.before(...renderMarkdown(open.slice(0, cut)));
      this.settled += cut;
    }
    fill(this.tail, renderMarkdown(open.slice(cut)));
  }

  finish() {
    if (this.source.length > RENDER_WHOLE_BELOW) return this.paint();
    return fill(this.host, renderMarkdown(this.source));
  }
}

/** Characters of the open text that no later text can change much: up to the last blank line outside a fence. */
function settledLength(open) {
  const inFence = (open.match(/^ {0,3}(```|~~~)/gm) ?? []).length % 2 === 1;
  if (!inFence) {
    const blank = open.lastIndexOf('\n\n');
    if (blank > 0) return blank + 2;
    if (open.length > LONGEST_TAIL) return open.lastIndexOf('\n') + 1;
  }
  return 0;
}
