/**
 * Incremental reader of a streamed RPC answer: one JSON array `[[event, event, …], status]`.
 *
 * An event is any array that closes at bracket depth 3 (body 1, messages 2, event 3); brackets inside
 * strings do not count. An error without events is written `[,[code,"text"]]`, which is no JSON.
 */
export class StreamBody {
  #position = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #start = -1;
  #slot = 0;

  /** `onEvent(event)` per message; `onStatus([code, message, details])` for slot 1 of the body. */
  constructor({ onEvent, onStatus }) {
    this.onEvent = onEvent;
    this.onStatus = onStatus;
    this.done = false;
  }

  /** Feed the whole text received so far; only what is new is read. Throws SyntaxError on garbage. */
  read(text) {
    for (; this.#position < text.length; this.#position += 1) {
      const char = text.charCodeAt(this.#position);
      if (this.#inString) this.#string(char);
      else this.#structure(char, text);
    }
  }

  #string(char) {
    if (this.#escaped) this.#escaped = false;
    else if (char === 92) this.#escaped = true;
    else if (char === 34) this.#inString = false;
  }

  #structure(char, text) {
    if (this.done && char > 32) throw new SyntaxError('data after the end of the stream');
    if (char === 34) this.#inString = true;
    else if (char === 91) this.#open();
    else if (char === 93) this.#close(text);
    else if (char === 44 && this.#depth === 1) this.#slot += 1;
    else if (this.#depth === 0 && char > 32) throw new SyntaxError('the stream does not begin with [');
  }

  #open() {
    this.#depth += 1;
    if (this.#depth === 3 && this.#slot === 0) this.#start = this.#position;
    if (this.#depth === 2 && this.#slot === 1) this.#start = this.#position;
  }

  #close(text) {
    const piece = () => JSON.parse(text.slice(this.#start, this.#position + 1));
    if (this.#depth === 3 && this.#slot === 0) this.onEvent(piece());
    if (this.#depth === 2 && this.#slot === 1) this.onStatus(piece());
    this.#depth -= 1;
    if (this.#depth === 0) this.done = true;
  }
}
