/**
 * One run: the GenerateContent call, its events painted into a model turn, and its end, which is
 * finished, stopped or failed.
 */

import { failureOf, reportError } from './failures.js';
import { mutated } from './mutations.js';
import { refusalOf, showRefusal } from './refusals.js';
import { mintToken } from './rpc.js';
import { generateMessage, readEvent } from './wire.js';

const FOOTER_LEADS_BY_MS = 300;
const FINISH_NOTES = {
  2: 'Output limit reached',
  3: 'Content blocked',
  4: 'Recitation stopped the answer',
  7: 'Content blocked',
  8: 'Prohibited content',
  9: 'Content blocked',
  10: 'Malformed function call',
};

export class Generation {
  #call = null;
  #over = false;
  #frame = null;

  constructor(app, turn, contents, onEnd) {
    Object.assign(this, { app, turn, contents, onEnd });
    this.started = performance.now();
    this.responseId = null;
    this.blocked = null;
    this.separate = app.knobs.thought_layout === 'separate-turn' || mutated('thoughts_apart');
    this.thoughtView = null;
    this.view = app.view.add(turn);
    this.view.pinned = true;
    this.view.showLoading(app.run.model.thinking.kind === 'none' ? 'Running' : 'Thinking');
  }

  start() {
    const refusal = refusalOf(this.contents.at(-1).parts);
    if (this.app.knobs.run_sends_nothing || refusal?.kind === 'endless') return;
    if (refusal) {
      this.app.tick(() => this.#refuse(refusal));
      return;
    }
    const body = generateMessage({
      run: this.app.run,
      turns: this.contents,
      token: mintToken(),
      previousId: this.app.chat.previousId,
    });
    this.#call = this.app.rpc.stream('GenerateContent', body, {
      onEvent: (event) => this.#event(event),
      onEnd: (error) => (error ? this.fail(error) : this.#finish()),
    });
  }

  #event(event) {
    const { slow_ms: slow } = this.app.knobs;
    if (slow > 0) block(slow);
    const { parts, finishReason, blocked, usage, responseId } = readEvent(event);
    this.responseId = responseId ?? this.responseId;
    this.blocked = blocked ?? this.blocked;
    if (finishReason) this.turn.finishReason = finishReason;
    if (usage) this.#usage(usage);
    for (const part of parts) this.#part(part);
    if (parts.length > 0) this.#paintSoon();
  }

  #usage(usage) {
    this.turn.tokens = usage[1] ?? this.turn.tokens ?? null;
    if (Number.isInteger(usage[2])) this.app.tokens.show(usage[2]);
  }

  #part(part) {
    remember(this.turn.parts, part);
    const thought = Boolean(part[12]);
    if (part[1] !== '' || part.length > 2) this.view.clearLoading();
    if (thought && this.separate) this.#thoughtTurn().parts.add(part);
    else this.view.parts.add(part);
  }

  /** In the separate layout the thought is a model turn of its own, before the answer. */
  #thoughtTurn() {
    if (!this.thoughtView) {
      this.thoughtView = this.app.view.add(this.turn, { thoughtOnly: true });
      this.thoughtView.pinned = true;
      this.view.host.before(this.thoughtView.host);
    }
    return this.thoughtView;
  }

  /** Once a frame; a page that shows its footer early paints one frame and then lags behind. */
  #paintSoon() {
    if (this.#frame !== null || (this.app.knobs.footer_before_text && this.painted)) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      this.painted = true;
      this.view.parts.paint();
      this.thoughtView?.parts.paint();
      this.app.view.follow();
    });
  }

  /** Stop button: the call is aborted and what has arrived stays. */
  stop() {
    if (this.#over) return;
    this.#call?.abort();
    this.view.clearLoading();
    this.#finish();
  }

  /** The chat is thrown away: abort without leaving anything behind. */
  discard() {
    this.#over = true;
    cancelAnimationFrame(this.#frame);
    this.#call?.abort();
  }

  #finish() {
    if (this.#over) return;
    this.#over = true;
    this.view.clearLoading();
    const { finishReason } = this.turn;
    if (this.blocked || (finishReason > 2 && this.turn.parts.length === 0)) {
      this.view.showError(FINISH_NOTES[finishReason] ?? 'Content blocked');
    }
    this.#reveal();
    this.onEnd({ responseId: this.responseId });
  }

  /** Text, then footer; or the footer first; a hidden window paints nothing before it is shown. */
  #reveal() {
    const paint = () => this.#paintFinal();
    const footer = () =>
      this.view.showFooter({
        seconds: (performance.now() - this.started) / 1000,
        finishNote: FINISH_NOTES[this.turn.finishReason],
      });
    if (document.visibilityState === 'hidden') {
      document.addEventListener('visibilitychange', paint, { once: true });
    } else if (this.app.knobs.footer_before_text) {
      setTimeout(paint, FOOTER_LEADS_BY_MS);
    } else {
      paint();
    }
    footer();
    this.app.view.follow();
  }

  #paintFinal() {
    cancelAnimationFrame(this.#frame);
    this.view.parts.finish();
    this.thoughtView?.parts.finish();
    this.view.pinned = false;
    if (this.thoughtView) this.thoughtView.pinned = false;
    this.app.view.follow();
  }

  /** The page itself says no. */
  #refuse(refusal) {
    if (this.#over) return;
    this.#over = true;
    this.turn.error = refusal.text;
    this.view.clearLoading();
    showRefusal(this.app, this.view, refusal);
    this.onEnd({ error: refusal, responseId: null });
  }

  /** A failed call: toast, text in the turn, and a beacon a second later. */
  fail(error) {
    if (this.#over) return;
    this.#over = true;
    const failure = failureOf(error);
    this.turn.error = failure.toast;
    this.#paintFinal();
    this.view.showError(failure.inline, failure.callout);
    this.app.overlays.toast(failure.toast, 'error');
    reportError(this.app.boot.jserrorUrl, failure.toast);
    this.app.view.follow();
    this.onEnd({ error: failure, responseId: null });
  }
}

/** Neighbouring plain texts, and neighbouring thoughts, are kept as one part. */
function remember(parts, part) {
  const last = parts.at(-1);
  const plain = (item) => typeof item?.[1] === 'string' && !item[14];
  if (plain(last) && plain(part) && Boolean(last[12]) === Boolean(part[12])) last[1] += part[1];
  else if (typeof part[1] !== 'string' || part[1] !== '' || part[14]) parts.push([...part]);
}

/** Keep the main thread busy, as a slow page does. */
function block(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
