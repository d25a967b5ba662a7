// A picture of the gateway's browser, with a field over it that hears clicks, the wheel and the keyboard.
// What is typed leaves here as it comes and is kept nowhere.

import { post } from "./client.js";
import { el } from "./dom.js";

const PRESSED = new Set([
  "Enter", "Tab", "Escape", "Backspace", "Delete", "Home", "End", "PageUp", "PageDown",
  "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight",
]);
const INPUTS = { insertLineBreak: "Enter", deleteContentBackward: "Backspace", deleteContentForward: "Delete" };
const MOST_ACTIONS = 64;
const LONGEST_TEXT = 1000;
const PAUSE_MS = 500;
const DRAGGED = 8; // pixels of the picture: hands tremble

// Where a point of the window lies in the picture, drawn as large as fits into `box`; null beside it.
export function toPicture(box, picture, clientX, clientY) {
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const x = (clientX - box.left - (box.width - picture.width * scale) / 2) / scale;
  const y = (clientY - box.top - (box.height - picture.height * scale) / 2) / scale;
  return x >= 0 && y >= 0 && x < picture.width && y < picture.height ? { x, y } : null;
}

// Sends in order, one call at a time; what comes meanwhile goes together with the next one.
export class Sender {
  #waiting = [];
  #sending = false;

  constructor(onError) {
    this.onError = onError;
  }

  add(action) {
    if (action.do === "type") {
      const letters = [...action.text];
      while (letters.length) this.#put({ do: "type", text: letters.splice(0, LONGEST_TEXT / 2).join("") });
    } else this.#put(action);
    this.#flush();
  }

  #put(action) {
    const last = this.#waiting.at(-1);
    const both = last?.do === action.do;
    if (both && action.do === "type" && last.text.length + action.text.length <= LONGEST_TEXT) last.text += action.text;
    else if (both && action.do === "scroll") Object.assign(last, { dx: last.dx + action.dx, dy: last.dy + action.dy });
    else this.#waiting.push(action);
  }

  async #flush() {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#waiting.length) {
      try {
        await post("sign-in/actions", { actions: this.#waiting.splice(0, MOST_ACTIONS) });
      } catch (error) {
        this.#waiting = [];
        this.onError(error);
      }
    }
    this.#sending = false;
  }
}

export class RemoteScreen {
  #ending = new AbortController();
  #picture = { width: 1024, height: 768, version: 0 };
  #pressed = null;

  constructor(sender) {
    this.sender = sender;
    this.image = el("img", { alt: "", draggable: false });
    this.catcher = el("textarea", {
      className: "catcher",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: false,
      rows: 1,
      "aria-label": "The page in the gateway's browser. Type here; F6 leaves.",
      "aria-describedby": "remote-hint",
      // A telephone's keyboard would hide the picture at every touch; there is a field for it.
      inputMode: matchMedia("(pointer: coarse)").matches ? "none" : "text",
      onpointerdown: (event) => (this.#pressed = this.#at(event)),
      onclick: (event) => this.#clicked(event),
      onkeydown: (event) => this.#keyDown(event),
      onbeforeinput: (event) => this.#typed(event),
      oncompositionend: (event) => this.#composed(event),
      onpaste: (event) => this.#pasted(event),
    });
    this.catcher.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    this.element = el("div", { className: "remote empty-yet" }, this.image, this.catcher);
    this.#watch();
  }

  end() {
    this.#ending.abort();
    if (this.image.src) URL.revokeObjectURL(this.image.src);
    this.element.remove();
  }

  async #watch() {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        if (document.hidden || !(await this.#next(signal))) await pause(PAUSE_MS);
      } catch {
        if (!signal.aborted) await pause(PAUSE_MS);
      }
    }
  }

  async #next(signal) {
    const address = `api/sign-in/picture?after=${this.#picture.version}`;
    const response = await fetch(address, { signal, cache: "no-store", credentials: "same-origin" });
    if (response.status !== 200) return false;
    const number = (name) => Number(response.headers.get(`X-Picture-${name}`));
    const address_of = URL.createObjectURL(await response.blob());
    const old = this.image.src;
    this.image.src = address_of;
    await this.image.decode();
    if (old) URL.revokeObjectURL(old);
    this.#picture = { width: number("Width"), height: number("Height"), version: number("Version") };
    this.element.classList.remove("empty-yet");
    return true;
  }

  #at(event) {
    return toPicture(this.image.getBoundingClientRect(), this.#picture, event.clientX, event.clientY);
  }

  #clicked(event) {
    const point = this.#at(event);
    const from = this.#pressed;
    if (point === null) return;
    const dragged = from !== null && Math.hypot(point.x - from.x, point.y - from.y) > DRAGGED;
    this.sender.add(dragged ? { do: "drag", ...from, to_x: point.x, to_y: point.y } : { do: "click", ...point });
    const box = this.element.getBoundingClientRect();
    const mark = el("span", { className: "touch", onanimationend: () => mark.remove() });
    mark.style.left = `${event.clientX - box.left}px`;
    mark.style.top = `${event.clientY - box.top}px`;
    this.element.append(mark);
  }

  #wheeled(event) {
    const point = this.#at(event);
    if (point === null || event.ctrlKey) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : 1;
    this.sender.add({ do: "scroll", ...point, dx: event.deltaX * unit, dy: event.deltaY * unit });
  }

  #keyDown(event) {
    if (event.isComposing || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "a") this.sender.add({ do: "select_all" });
    else if (!command && PRESSED.has(event.key)) this.sender.add({ do: "press", key: event.key, shift: event.shiftKey });
    else return;
    event.preventDefault();
  }

  #typed(event) {
    // What a composition ends with is told by its own event; some browsers tell it here as well.
    if (event.isComposing || event.inputType.includes("Composition")) return;
    event.preventDefault();
    if (event.inputType in INPUTS) this.sender.add({ do: "press", key: INPUTS[event.inputType] });
    else if (event.data) this.sender.add({ do: "type", text: event.data });
  }

  #composed(event) {
    if (event.data) this.sender.add({ do: "type", text: event.data });
    this.catcher.value = "";
  }

  #pasted(event) {
    event.preventDefault();
    const text = event.clipboardData.getData("text/plain");
    if (text) this.sender.add({ do: "type", text });
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
