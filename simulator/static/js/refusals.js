/**
 * Runs that the page refuses by itself: no request leaves. The last line of the prompt says so, `/refuse KIND TEXT`:
 * `toast`, `error-callout`, `warning-callout`, `inline` (in the turn), `banner` say TEXT; `endless` shows
 * Thinking and Stop for ever, as when the attestation does not come to an end; `region` leaves for the list of regions.
 */

import { el } from './dom.js';

const LINE = /^\/refuse (toast|error-callout|warning-callout|inline|banner|endless|region)(?: (.*))?$/;
const REGIONS = '/gemini-api/docs/available-regions';

/** `{kind, text}` of a prompt that is to be refused, else null. */
export function refusalOf(parts) {
  const text = parts.map((part) => part[1]).findLast((value) => typeof value === 'string') ?? '';
  const found = LINE.exec(text.trimEnd().split('\n').at(-1));
  return found && { kind: found[1], text: found[2] ?? 'An internal error has occurred.' };
}

/** Show the refusal in the turn's view, or over it. */
export function showRefusal(app, view, { kind, text }) {
  if (kind === 'toast') app.overlays.toast(text, 'error');
  else if (kind === 'banner') document.body.prepend(banner(text));
  else if (kind === 'region') location.assign(location.hostname === 'aistudio.google.com' ? `https://ai.google.dev${REGIONS}` : REGIONS);
  else view.showError(text, kind === 'inline' ? null : kind.replace('-callout', ''));
}

function banner(text) {
  return el('ms-banner', {}, el('span', { class: 'error-banner-message', text }));
}
