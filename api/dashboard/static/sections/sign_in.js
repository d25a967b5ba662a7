import { get, post, remove } from "../client.js";
import { card, duration, el, note, notice, pill } from "../dom.js";
import { RemoteScreen, Sender } from "../remote_screen.js";

export const name = "sign-in";
export const title = "Sign in from here";
export const refreshMs = 1000;

const STAGES = {
  starting: ["Starting the browser …", "busy"],
  waiting: ["Waiting for you", "busy"],
  saved: ["Signed in", "good"],
  failed: ["Failed", "bad"],
  expired: ["Expired", "bad"],
  cancelled: ["Stopped", ""],
};
const SCROLL = 400;

// What stays while the section is drawn anew: the form, or the screen of the sign-in that is under way.
let starter = null;
let desk = null;

export async function draw(place, redraw) {
  const status = await get("sign-in");
  if (desk !== null && (!status.under_way || desk.of !== status.started)) closeDesk();
  if (status.under_way) {
    starter = null;
    if (desk === null) {
      desk = openDesk(status.started, redraw);
      place.replaceChildren(desk.element);
      desk.screen.catcher.focus();
    }
    desk.update(status);
    return;
  }
  starter ??= makeStarter(redraw);
  if (starter.element.parentNode !== place) place.replaceChildren(starter.element);
  starter.update(status);
}

export function leave() {
  closeDesk();
  starter = null;
}

function closeDesk() {
  desk?.screen.end();
  desk = null;
}

function makeStarter(redraw) {
  const label = el("input", { maxLength: 64, placeholder: "the account's address", autocomplete: "off", spellcheck: false });
  const replace = el("input", { type: "checkbox" });
  const button = el("button", { className: "main", type: "submit" }, "Open the sign-in");
  const told = el("div");
  let shown = "";

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      await post("sign-in", { name: label.value.trim() || null, replace: replace.checked });
    } catch (error) {
      shown = "";
      told.replaceChildren(note(error.message, "bad"));
    }
    button.disabled = false;
    redraw();
  }

  const form = el(
    "form",
    { className: "line", onsubmit: submit },
    el("label", {}, "Save as profile", label),
    el("label", { className: "check" }, replace, "Replace a profile of that name"),
    button,
  );
  const element = card(
    "Sign in from here",
    told,
    el(
      "p",
      { className: "soft" },
      "A browser on the gateway's machine opens AI Studio, and its picture is shown here. What you click and type is ",
      "handed to that page alone: it is not kept and not logged. The gateway goes on serving meanwhile.",
    ),
    ...(isPrivate() ? [] : [note(OVERHEARD, "bad")]),
    form,
  );

  function update(status) {
    const key = JSON.stringify([status.stage, status.started, status.in_use]);
    if (key === shown || status.stage === "none") return;
    shown = key;
    told.replaceChildren(outcome(status));
  }

  return { element, update };
}

const OVERHEARD =
  "This page came over plain http, so that others on the way could read what you type. Use https, or a tunnel: " +
  `ssh -L ${location.port || 80}:127.0.0.1:${location.port || 80} SERVER, and open http://127.0.0.1:${location.port || 80}/admin/.`;

function isPrivate() {
  return location.protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
}

function outcome(status) {
  if (status.stage !== "saved") return note(status.reason, status.stage === "cancelled" ? "" : "bad");
  const who = status.account ? ` as ${status.account}` : "";
  const next = status.in_use
    ? "The gateway uses it; Status says when it is ready."
    : `The gateway does not use it: it uses another one, or none of several was chosen. Take it into use under Sign-ins.`;
  return note(`Signed in${who}. Saved as the profile ${status.profile}. ${next}`, "good");
}

function openDesk(of, redraw) {
  const state = el("span");
  const left = el("span", { className: "soft" });
  const site = el("span", { className: "soft site" });
  const told = el("div");
  const sender = new Sender((error) => {
    notice(error.message, "bad");
    if (error.status === 404 || error.status === 401) redraw();
  });
  const screen = new RemoteScreen(sender);
  const stop = el("button", { className: "danger", onclick: () => stopping() }, "Stop");

  async function stopping() {
    stop.disabled = true;
    await remove("sign-in").catch((error) => notice(error.message, "bad"));
    redraw();
  }

  const element = el(
    "section",
    { className: "card" },
    el("div", { className: "head" }, el("h2", {}, "Sign in from here"), state, stop),
    told,
    el("div", { className: "around" }, site, left),
    el("div", { className: "stage" }, screen.element),
    keys(screen, sender),
    typer(sender),
    el(
      "p",
      { className: "soft", id: "remote-hint" },
      "Click the picture and type, or paste, as if the browser were here; F6 leaves the picture. It is noticed by itself ",
      "when the chat is shown.",
    ),
  );
  element.addEventListener("keydown", (event) => {
    if (event.key !== "F6") return;
    event.preventDefault();
    (event.target === screen.catcher ? element.querySelector(".typer input") : screen.catcher).focus();
  });

  function update(status) {
    state.replaceChildren(pill(...(STAGES[status.stage] ?? [status.stage, ""])));
    left.textContent = status.seconds_left === null ? "" : `ends in ${duration(Math.ceil(status.seconds_left))} if nothing is done`;
    site.textContent = status.site ?? "";
    told.replaceChildren(...(status.reason ? [note(status.reason, "bad")] : []));
  }

  return { of, element, screen, update };
}

function keys(screen, sender) {
  const wheel = (dy) => ({ do: "scroll", x: screen.image.naturalWidth / 2, y: screen.image.naturalHeight / 2, dx: 0, dy });
  const buttons = [
    ["Back", () => ({ do: "back" })],
    ["Reload", () => ({ do: "reload" })],
    ["Tab", () => ({ do: "press", key: "Tab" })],
    ["Enter", () => ({ do: "press", key: "Enter" })],
    ["Delete", () => ({ do: "press", key: "Backspace" })],
    ["Select all", () => ({ do: "select_all" })],
    ["Scroll up", () => wheel(-SCROLL)],
    ["Scroll down", () => wheel(SCROLL)],
  ];
  const made = buttons.map(([text, action]) =>
    el("button", { className: "small", type: "button", onclick: () => sender.add(action()) }, text),
  );
  const large = el("button", { className: "small", type: "button", "aria-pressed": "false", onclick: enlarge }, "Full size");

  function enlarge() {
    const on = screen.element.classList.toggle("full");
    large.setAttribute("aria-pressed", String(on));
  }

  return el("div", { className: "keys", role: "toolbar", "aria-label": "Keys for the page" }, ...made, large);
}

function typer(sender) {
  const text = el("input", { autocomplete: "off", autocapitalize: "off", spellcheck: false, maxLength: 1000 });
  const hide = el("input", { type: "checkbox", onchange: () => (text.type = hide.checked ? "password" : "text") });

  function submit(event) {
    event.preventDefault();
    if (text.value) sender.add({ do: "type", text: text.value });
    if (event.submitter?.value !== "text") sender.add({ do: "press", key: "Enter" });
    text.value = "";
  }

  return el(
    "form",
    { className: "line typer", autocomplete: "off", onsubmit: submit },
    el("label", { className: "grow" }, "Type this into the page", text),
    el("label", { className: "check" }, hide, "Hide it"),
    el("button", { className: "main", type: "submit", value: "enter" }, "Type and Enter"),
    el("button", { type: "submit", value: "text" }, "Type"),
  );
}
