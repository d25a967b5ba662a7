/** Inline Markdown: code, strong, emphasis, strike-through, links. */

import { el } from './dom.js';

const TOKEN =
  /(`+)([^`](?:[\s\S]{0,4000}?[^`])?)\1(?!`)|\*\*(\S(?:[^*\n]{0,4000}\S)?)\*\*|__(\S(?:[^_\n]{0,4000}\S)?)__|(?<![\w*])\*(\S(?:[^*\n]{0,4000}?\S)?)\*(?![\w*])|(?<![\w_])_(\S(?:[^_\n]{0,4000}?\S)?)_(?![\w_])|~~(\S[^~\n]{0,4000}?)~~|\[([^\]\n]{1,1000})\]\((\S{1,2000}?)\)|(https?:\/\/[^\s<>()]{1,2000})/g;

const WORTH_IT = 20000;

/** Nodes and strings of one run of text. Very long runs stay plain. */
export function inline(text) {
  if (text.length > WORTH_IT) return [text];
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(node(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

function node([, , code, strong, strong2, em, em2, strike, label, target, bare]) {
  if (code !== undefined) return el('code', { class: 'inline-code', text: code });
  if (strong !== undefined || strong2 !== undefined) return el('strong', {}, inline(strong ?? strong2));
  if (em !== undefined || em2 !== undefined) return el('em', {}, inline(em ?? em2));
  if (strike !== undefined) return el('s', {}, inline(strike));
  return link(target ?? bare, label ?? bare);
}

/** Only web addresses become links. */
function link(target, label) {
  if (!/^https?:\/\//.test(target)) return el('span', { text: label });
  return el('a', { href: target, target: '_blank', rel: 'noopener noreferrer', text: label });
}
