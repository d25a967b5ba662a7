/**
 * Two ways of sending a call and reading its answer as it arrives. Both have `status`, `type` (of the content),
 * `text` (all of it so far) and `over`; a connection that broke leaves status 0 and no text, as XMLHttpRequest
 * has it. `send` calls back whenever there is more to read, and when it is over.
 */

export class XhrTransport {
  #xhr = new XMLHttpRequest();

  constructor(address, headers) {
    this.#xhr.open('POST', address);
    this.#xhr.withCredentials = true;
    for (const [name, value] of Object.entries(headers)) this.#xhr.setRequestHeader(name, value);
  }

  get status() {
    return this.#xhr.status;
  }

  get type() {
    return this.#xhr.getResponseHeader('Content-Type') ?? '';
  }

  get text() {
    return this.#xhr.responseText;
  }

  get address() {
    return this.#xhr.responseURL;
  }

  get over() {
    return this.#xhr.readyState === 4;
  }

  send(body, onProgress) {
    this.#xhr.addEventListener('readystatechange', () => {
      if (this.#xhr.readyState >= 3) onProgress();
    });
    this.#xhr.send(body);
  }

  abort() {
    this.#xhr.abort();
  }
}

export class FetchTransport {
  #headers;
  #controller = new AbortController();

  constructor(address, headers) {
    this.address = address;
    this.#headers = headers;
    this.status = 0;
    this.type = '';
    this.text = '';
    this.over = false;
  }

  async send(body, onProgress) {
    try {
      await this.#read(body, onProgress);
    } catch (error) {
      if (!(error instanceof TypeError) && error.name !== 'AbortError') throw error;
      this.status = 0;
      this.text = '';
    }
    this.over = true;
    onProgress();
  }

  abort() {
    this.#controller.abort();
  }

  async #read(body, onProgress) {
    const { signal } = this.#controller;
    const options = { method: 'POST', headers: this.#headers, credentials: 'include', body, signal };
    const response = await fetch(this.address, options);
    this.status = response.status;
    this.type = response.headers.get('Content-Type') ?? '';
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      this.text += decoder.decode(piece.value, { stream: true });
      onProgress();
    }
    this.text += decoder.decode();
  }
}
