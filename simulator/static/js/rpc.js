/**
 * Calls to the backend, as the site makes them: XMLHttpRequest with credentials, cross-origin (the streamed
 * one by fetch instead, if the knob `transport` says so), bodies in positional JSON, an Authorization hash
 * of the SAPISID cookie.
 */

import { StreamBody } from './stream-body.js';
import { FetchTransport, XhrTransport } from './transports.js';

const MIME = 'application/json+protobuf';
const LOGGING_CONTEXT = 'CAASAUIwATgEQABQBFgDYgJVUw==';

const CODE_OF_HTTP = { 400: 3, 401: 16, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14 };

/** A failed call. `code` is a google.rpc code, `http` the HTTP status (0 = no answer). */
export class RpcError extends Error {
  constructor(code, message, http) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.http = http;
  }
}

export class Rpc {
  #hash = { second: 0, header: null };

  /** `onSignedOut()` is called when any call answers 401. */
  constructor(boot, knobs, onSignedOut) {
    this.boot = boot;
    this.knobs = knobs;
    this.onSignedOut = onSignedOut;
    this.visit = `v1_${btoa(randomText(6)).replace(/=+$/, '')}`;
    this.accessToken = null;
  }

  /** One answer as decoded JSON; rejects with RpcError. */
  async unary(method, body) {
    const transport = new XhrTransport(this.#address(method), await this.#headers(method));
    return new Promise((resolve, reject) => {
      transport.send(JSON.stringify(body), () => transport.over && this.#settle(transport, resolve, reject));
    });
  }

  /**
   * A streamed answer. `onEvent` gets each event; `onEnd(error | null)` comes exactly once, except
   * after `abort()`, which ends the call silently. Returns a handle with `abort()`.
   */
  stream(method, body, { onEvent, onEnd }) {
    const call = new StreamCall(this, onEvent, onEnd);
    const Transport = this.knobs.transport === 'fetch' ? FetchTransport : XhrTransport;
    this.#headers(method).then((headers) => call.start(new Transport(this.#address(method), headers), body));
    return call;
  }

  #address(method) {
    return `${this.boot.rpcBase}/${method}`;
  }

  async #headers(method) {
    const headers = {
      'Content-Type': MIME,
      Authorization: await this.authorization(),
      'X-Goog-Api-Key': this.boot.apiKey,
      'X-Goog-AuthUser': authUser(),
      'X-User-Agent': 'grpc-web-javascript/0.1',
    };
    if (method !== 'GenerateAccessToken' && method !== 'ListModels') {
      headers['X-Goog-Ext-519733851-bin'] = LOGGING_CONTEXT;
    }
    headers['X-AIStudio-Visit-Id'] = this.visit;
    return headers;
  }

  #settle(transport, resolve, reject) {
    if (transport.status === 200) {
      try {
        resolve(JSON.parse(transport.text));
      } catch {
        reject(new RpcError(13, 'Internal error encountered.', 200));
      }
      return;
    }
    if (transport.status === 401) this.onSignedOut();
    reject(statusError(transport));
  }

  /** The three SAPISIDHASH values of this second. */
  async authorization() {
    const second = Math.floor(Date.now() / 1000);
    if (this.#hash.second !== second || !this.#hash.header) {
      const secret = cookie('SAPISID') ?? '';
      const value = `${second}_${await sha1(`${second} ${secret} ${location.origin}`)}`;
      const schemes = ['SAPISIDHASH', 'SAPISID1PHASH', 'SAPISID3PHASH'];
      this.#hash = { second, header: schemes.map((scheme) => `${scheme} ${value}`).join(' ') };
    }
    return this.#hash.header;
  }
}

/** One running GenerateContent call. */
class StreamCall {
  #transport = null;
  #aborted = false;
  #ended = false;
  #status = null;

  constructor(rpc, onEvent, onEnd) {
    this.rpc = rpc;
    this.onEnd = onEnd;
    this.body = new StreamBody({ onEvent, onStatus: (status) => (this.#status = status) });
  }

  start(transport, body) {
    if (this.#aborted) return;
    this.#transport = transport;
    transport.send(JSON.stringify(body), () => this.#progress());
  }

  abort() {
    this.#aborted = true;
    this.#transport?.abort();
  }

  #progress() {
    if (this.#aborted || this.#ended) return;
    try {
      this.#read();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#end(new RpcError(2, 'The response could not be parsed.', this.#transport.status));
      this.#transport.abort();
      return;
    }
    if (this.#transport.over) this.#finish();
  }

  #read() {
    const { type, text } = this.#transport;
    if (!text) return;
    if (!type.startsWith(MIME)) throw new SyntaxError(`unexpected content type ${type}`);
    this.body.read(text);
  }

  #finish() {
    const { status } = this.#transport;
    if (status === 401) this.rpc.onSignedOut();
    if (this.#status) this.#end(new RpcError(this.#status[0], this.#status[1] ?? '', status));
    else if (status !== 200 && status !== 206) this.#end(statusError(this.#transport));
    else if (!this.body.done) this.#end(new RpcError(14, xhrFailure(this.#transport, 6), status));
    else this.#end(null);
  }

  #end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd(error);
  }
}

function statusError(transport) {
  let status = [];
  try {
    status = JSON.parse(transport.text);
  } catch {
    // a body that is no status: the HTTP status decides
  }
  const code = Number.isInteger(status?.[0]) ? status[0] : (CODE_OF_HTTP[transport.status] ?? 14);
  return new RpcError(code, String(status?.[1] ?? xhrFailure(transport, 6)), transport.status);
}

function xhrFailure({ address, status }, errorCode) {
  return `Rpc failed due to xhr error. uri: ${address}, error code: ${errorCode}, error:  [${status}]`;
}

async function sha1(text) {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function cookie(name) {
  const entry = document.cookie.split('; ').find((item) => item.startsWith(`${name}=`));
  return entry ? entry.slice(name.length + 1) : null;
}

/** The N of a /u/N/ address. */
function authUser() {
  return location.pathname.match(/^\/u\/(\d+)\//)?.[1] ?? '0';
}

/** Random letters and digits. */
export function randomText(length) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => alphabet[byte & 63]).join('');
}

/** An opaque attestation token of the size the site sends; a new one for each request. */
export function mintToken() {
  return `!${randomText(900)}`;
}
