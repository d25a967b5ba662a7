/** The smallest observable: listeners are called in the order they were added. */
export class Signal {
  #listeners = new Set();

  /** Returns a function that takes the listener off again. */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(...args) {
    for (const listener of [...this.#listeners]) listener(...args);
  }
}

/** Call `action` once, `delay()` milliseconds after the last `poke`. */
export class Debounce {
  #timer = null;

  constructor(delay, action) {
    this.delay = delay;
    this.action = action;
  }

  get pending() {
    return this.#timer !== null;
  }

  poke() {
    this.cancel();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.action();
    }, this.delay());
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}
