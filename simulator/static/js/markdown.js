/**
 * A small Markdown renderer that builds nodes: headings, lists, tables, quotes, rules, fenced code,
 * and inline code, emphasis, links. It is lossy in the way every renderer is: the source text is not
 * recoverable from the nodes.
 */

import { el, icon } from './dom.js';
import { inline } from './markdown-inline.js';

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Nodes of a Markdown text. */
export function renderMarkdown(text) {
  return new Blocks(text.split('\n')).read();
}

class Blocks {
  constructor(lines) {
    this.lines = lines;
    this.at = 0;
    this.nodes = [];
  }

  get line() {
    return this.lines[this.at];
  }

  read() {
    while (this.at < this.lines.length) {
      if (this.line.trim() === '') this.at += 1;
      else this.nodes.push(this.#block());
    }
    return this.nodes;
  }

  #block() {
    const { line } = this;
    if (FENCE.test(line)) return this.#code();
    if (HEADING.test(line)) return this.#heading();
    if (RULE.test(line)) return this.#rule();
    if (ITEM.test(line)) return this.#list();
    if (QUOTE.test(line)) return this.#quote();
    if (this.#tableHere()) return this.#table();
    return this.#paragraph();
  }

  #code() {
    const [, fence, language] = this.line.match(FENCE);
    const body = [];
    this.at += 1;
    while (this.at < this.lines.length && !this.line.trim().startsWith(fence)) {
      body.push(this.line);
      this.at += 1;
    }
    this.at += 1;
    return codeBlock(body.join('\n'), language);
  }

  #heading() {
    const [, marks, text] = this.line.match(HEADING);
    this.at += 1;
    return el(`h${marks.length}`, {}, inline(text));
  }

  #rule() {
    this.at += 1;
    return el('hr');
  }

  #quote() {
    const inner = [];
    while (this.at < this.lines.length && QUOTE.test(this.line)) {
      inner.push(this.line.match(QUOTE)[1]);
      this.at += 1;
    }
    return el('blockquote', {}, new Blocks(inner).read());
  }

  #list() {
    const [, indent, marker] = this.line.match(ITEM);
    const ordered = /\d/.test(marker);
    const list = el(ordered ? 'ol' : 'ul', ordered ? { start: parseInt(marker, 10) } : {});
    while (this.at < this.lines.length) {
      const match = this.line.match(ITEM);
      if (!match || match[1].length !== indent.length || /\d/.test(match[2]) !== ordered) break;
      list.append(this.#item(match));
    }
    return list;
  }

  /** An item takes its own line and every following line that is indented deeper. */
  #item([, indent, marker, first]) {
    const inner = [first];
    const width = indent.length + marker.length + 1;
    this.at += 1;
    while (this.at < this.lines.length && this.#belongs(indent.length)) {
      inner.push(this.line.slice(Math.min(width, this.line.search(/\S|$/))));
      this.at += 1;
    }
    const nodes = new Blocks(inner).read();
    const plain = nodes.length > 0 && nodes[0].tagName === 'P';
    return el('li', {}, plain ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes);
  }

  #belongs(indent) {
    const depth = this.line.search(/\S/);
    if (depth === -1) return (this.lines[this.at + 1] ?? '').search(/\S/) > indent;
    return depth > indent;
  }

  #tableHere() {
    return (
      this.line.includes('|') &&
      TABLE_RULE.test(this.lines[this.at + 1] ?? '') &&
      this.lines[this.at + 1].includes('-')
    );
  }

  #table() {
    const head = cells(this.line).map((cell) => el('th', {}, inline(cell)));
    const rows = [];
    this.at += 2;
    while (this.at < this.lines.length && this.line.includes('|')) {
      rows.push(
        el(
          'tr',
          {},
          cells(this.line).map((cell) => el('td', {}, inline(cell))),
        ),
      );
      this.at += 1;
    }
    return el(
      'div',
      { class: 'table-container' },
      el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, rows)),
    );
  }

  #paragraph() {
    const text = [this.line];
    this.at += 1;
    while (this.at < this.lines.length && this.line.trim() !== '' && !this.#startsBlock()) {
      text.push(this.line);
      this.at += 1;
    }
    return el('p', {}, inline(text.join('\n')));
  }

  #startsBlock() {
    return FENCE.test(this.line) || HEADING.test(this.line) || QUOTE.test(this.line) || ITEM.test(this.line);
  }
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** ms-code-block: an expansion panel with a title of icon and language. */
export function codeBlock(text, language, ligature = 'code') {
  const copy = el(
    'button',
    {
      type: 'button',
      class: 'code-copy',
      'aria-label': 'Copy to clipboard',
      on: { click: () => navigator.clipboard.writeText(text) },
    },
    icon('content_copy'),
  );
  return el(
    'ms-code-block',
    { icon: ligature === 'code' ? null : ligature },
    el(
      'mat-expansion-panel',
      { class: 'mat-expansion-panel mat-expanded' },
      el(
        'mat-expansion-panel-header',
        { class: 'mat-expansion-panel-header' },
        el(
          'mat-panel-title',
          { class: 'mat-expansion-panel-header-title' },
          icon(ligature),
          el('span', { text: language || 'code' }),
        ),
        copy,
      ),
      el('div', { class: 'mat-expansion-panel-body' }, el('pre', {}, el('code', { text }))),
    ),
  );
}
