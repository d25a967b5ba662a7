// Runs in the page's own world, before its scripts: reports the site's RPC answers as they arrive.
// Observes only; requests and what the page reads are untouched. Where it finds itself in a world apart, it has
// the page's window run it.
// Report: {id, kind: "request" | "head" | "data" | "end", method, status, offset, length, text, failure}.
// Of a GenerateContent only the request is reported until it is woken, if it rests at first.
// offset and length count UTF-16 units of the body read so far, so that the listener sees every gap.
(() => {
  const hear = () => {
    const CHANNEL = "__CHANNEL__";
    const TICK_MS = 8; // both engines hand out progress only every 50 ms; reading in between is cheap
    const KEEP_MS = 30000; // so long after its end an answer can be read again
    const SERVICE = ".MakerSuiteService/";
    const WATCHED = new Set(["GenerateContent", "ListModels"]);
    if (XMLHttpRequest.prototype.open.__heard) return;
    let next = 0;
    let awake = __AWAKE__;
    const requests = new Map();

    const tell = (report) => {
      const text = JSON.stringify(report);
      if (typeof window[CHANNEL] === "function") window[CHANNEL](text);
      else document.dispatchEvent(new CustomEvent(CHANNEL, { detail: text })); // relayed by the other world
    };
    const methodOf = (url) => {
      let path;
      try { path = new URL(url, location.href).pathname; } catch { return null; }
      const at = path.lastIndexOf(SERVICE);
      const method = at < 0 ? "" : path.slice(at + SERVICE.length);
      return WATCHED.has(method) ? method : null;
    };
    // What was heard of one request. While it rests, answers are only kept, and nothing is read of them early.
    const ear = (method, read) => {
      const id = `${CHANNEL}:${++next}`;
      const kept = { whole: "", sent: 0, status: 0, headed: false, end: null, ended: false, read };
      kept.speaks = () => awake || method !== "GenerateContent";
      kept.report = () => {
        if (!kept.speaks()) return;
        if (kept.status && !kept.headed) {
          kept.headed = true;
          tell({ id, kind: "head", method, status: kept.status });
        }
        if (kept.whole.length > kept.sent) {
          const text = kept.whole.slice(kept.sent);
          tell({ id, kind: "data", method, offset: kept.sent, length: text.length, text });
          kept.sent = kept.whole.length;
        }
        if (kept.end && !kept.ended) {
          kept.ended = true;
          tell({ id, kind: "end", method, offset: kept.sent, failure: kept.end.failure });
        }
      };
      requests.set(id, kept);
      tell({ id, kind: "request", method });
      return kept;
    };
    const end = (kept, failure) => {
      kept.end = { failure };
      kept.report();
      setTimeout(() => requests.forEach((other, id) => other === kept && requests.delete(id)), KEEP_MS);
    };
    // Whoever asks by an event of the shared document learns that this runs in the page's own world.
    document.addEventListener(`${CHANNEL}:ask`, () => document.dispatchEvent(new CustomEvent(`${CHANNEL}:here`)));
    // Read again from an offset when a report was lost on the way.
    document.addEventListener(`${CHANNEL}:again`, (event) => {
      const { id, offset } = JSON.parse(event.detail);
      const kept = requests.get(id);
      if (kept) tell({ id, kind: "data", offset, length: kept.whole.length - offset, text: kept.whole.slice(offset) });
    });
    document.addEventListener(`${CHANNEL}:wake`, () => {
      awake = true;
      requests.forEach((kept) => kept.read());
    });

    const { open, send } = XMLHttpRequest.prototype;
    const methods = new WeakMap();
    XMLHttpRequest.prototype.open = function (verb, url, ...rest) {
      methods.set(this, String(verb).toUpperCase() === "POST" ? methodOf(url) : null);
      return open.call(this, verb, url, ...rest);
    };
    XMLHttpRequest.prototype.open.__heard = true;
    XMLHttpRequest.prototype.send = function (...args) {
      const method = methods.get(this);
      if (method) watch(this, method);
      return send.apply(this, args);
    };
    const watch = (xhr, method) => {
      let timer = null;
      const kept = ear(method, () => {
        if (!kept.speaks()) return;
        if (xhr.readyState >= 2) kept.status = xhr.status;
        if (xhr.readyState >= 3) {
          try { kept.whole = xhr.responseText; } catch { /* not a text response: nothing of ours */ }
        }
        if (timer === null && kept.end === null) timer = setInterval(kept.read, TICK_MS);
        kept.report();
      });
      xhr.addEventListener("readystatechange", kept.read);
      xhr.addEventListener("loadend", () => {
        clearInterval(timer);
        timer = 0;
        kept.read();
        end(kept, xhr.status === 0 ? "the request was aborted or its connection broke" : null);
      });
      kept.read();
    };

    const fetchOfPage = window.fetch;
    window.fetch = async function (input, init) {
      const verb = (init && init.method) || (input && input.method) || "GET";
      const url = typeof input === "string" ? input : (input && (input.url || input.href)) || "";
      const method = String(verb).toUpperCase() === "POST" ? methodOf(url) : null;
      if (!method) return fetchOfPage.call(this, input, init);
      const kept = ear(method, () => kept.report());
      try {
        const response = await fetchOfPage.call(this, input, init);
        kept.status = response.status;
        follow(response.clone(), kept);
        return response;
      } catch (error) {
        end(kept, String(error));
        throw error;
      }
    };
    const follow = async (response, kept) => {
      const decoder = new TextDecoder();
      kept.report();
      try {
        const reader = response.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          kept.whole += done ? decoder.decode() : decoder.decode(value, { stream: true });
          kept.report();
          if (done) break;
        }
        end(kept, null);
      } catch (error) {
        end(kept, String(error));
      }
    };
  };
  // Gecko shows the bare window of the page, by this name, only to scripts that run apart from it.
  const page = document.defaultView.wrappedJSObject;
  if (page) page.eval(`(${hear})()`);
  else hear();
})();
