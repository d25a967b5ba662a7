// Runs in the world that owns the binding. Where that is not the page's own world, the hook's reports arrive
// as events of the shared document; where it is, the hook calls the binding itself and this stays silent.
(() => {
  const CHANNEL = "__CHANNEL__";
  if (window[`${CHANNEL}:relay`]) return;
  Object.defineProperty(window, `${CHANNEL}:relay`, { value: true });
  document.addEventListener(CHANNEL, (event) => {
    if (typeof window[CHANNEL] === "function") window[CHANNEL](event.detail);
  });
})();
