// Runs in the page's own world, before its scripts: reports the site's RPC answers as they arrive.
// Observes only; requests and what the page reads are untouched.
// Report: {id, kind: "request" | "head" | "data" | "end", method, status, offset, length, text, failure}.
// offset and length count UTF-16 units of the body read so far, so that the listener sees every gap.
(() => {
  const CHANNEL = "__CHANNEL__";
  const TICK_MS = 8; // both engines hand out progress only every 50 ms; reading in between is cheap
  const SERVICE = ".MakerSuiteService/";
  const WATCHED = new Set(["GenerateContent", "ListModels"]);
  if (XMLHttpRequest.prototype.open.__heard) return;
  let next = 0;
  const bodies = new Map();

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
  const ear = (method) => {
    const id = `${CHANNEL}:${++next}`;
    let sent = 0, headed = false;
    bodies.set(id, "");
    tell({ id, kind: "request", method });
    return {
      head(status) { if (!headed) { headed = true; tell({ id, kind: "head", method, status }); } },
      data(whole) {
        if (whole.length <= sent) return;
        const text = whole.slice(sent);
        tell({ id, kind: "data", method, offset: sent, length: text.length, text });
        sent = whole.length;
        bodies.set(id, whole);
      },
      end(failure) {
        tell({ id, kind: "end", method, offset: sent, failure: failure || null });
        setTimeout(() => bodies.delete(id), 30000);
      },
    };
  };
  // Read again from an offset when a report was lost on the way.
  document.addEventListener(`${CHANNEL}:again`, (event) => {
    const { id, offset } = JSON.parse(event.detail);
    const whole = bodies.get(id);
    if (whole !== undefined) tell({ id, kind: "data", offset, length: whole.length - offset, text: whole.slice(offset) });
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
    if (method) watch(this, ear(method));
    return send.apply(this, args);
  };
  const watch = (xhr, heard) => {
    const read = () => {
      if (xhr.readyState < 2) return;
      heard.head(xhr.status);
      if (xhr.readyState >= 3) {
        try { heard.data(xhr.responseText); } catch { /* not a text response: nothing of ours */ }
      }
    };
    const timer = setInterval(read, TICK_MS);
    xhr.addEventListener("readystatechange", read);
    xhr.addEventListener("loadend", () => {
      clearInterval(timer);
      read();
      heard.end(xhr.status === 0 ? "the request was aborted or its connection broke" : null);
    });
  };

  const fetchOfPage = window.fetch;
  window.fetch = async function (input, init) {
    const verb = (init && init.method) || (input && input.method) || "GET";
    const url = typeof input === "string" ? input : (input && (input.url || input.href)) || "";
    const method = String(verb).toUpperCase() === "POST" ? methodOf(url) : null;
    if (!method) return fetchOfPage.call(this, input, init);
    const heard = ear(method);
    try {
      const response = await fetchOfPage.call(this, input, init);
      heard.head(response.status);
      follow(response.clone(), heard);
      return response;
    } catch (error) {
      heard.end(String(error));
      throw error;
    }
  };
  const follow = async (response, heard) => {
    const decoder = new TextDecoder();
    let whole = "";
    try {
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        whole += done ? decoder.decode() : decoder.decode(value, { stream: true });
        heard.data(whole);
        if (done) break;
      }
      heard.end(null);
    } catch (error) {
      heard.end(String(error));
    }
  };
})();
