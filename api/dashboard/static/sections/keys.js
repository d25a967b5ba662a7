import { get, post, remove } from "../client.js";
import { card, el, moment, note, notice, table } from "../dom.js";

export const name = "keys";
export const title = "API keys";
export const refreshMs = 10000;

// What stays while the list is drawn anew: the form, and a key that is shown this once.
let adder = null;

export async function draw(place, redraw) {
  const { keys } = await get("keys");
  adder ??= makeAdder(redraw);
  if (adder.parentNode !== place) place.replaceChildren(adder);
  while (adder.nextSibling) adder.nextSibling.remove();
  place.append(list(keys, redraw));
}

export function leave() {
  adder = null;
}

function makeAdder(redraw) {
  const label = el("input", { required: true, maxLength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", placeholder: "laptop" });
  const limit = el("input", { type: "number", min: 0, placeholder: "as the setting says" });
  const button = el("button", { className: "main", type: "submit" }, "Make a key");
  const made = el("div");

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      const requests_per_minute = limit.value === "" ? null : Number(limit.value);
      const key = await post("keys", { name: label.value, requests_per_minute });
      made.replaceChildren(shownOnce(key));
      event.target.reset();
    } catch (error) {
      made.replaceChildren(note(error.message, "bad"));
    }
    button.disabled = false;
    redraw();
  }

  const form = el(
    "form",
    { className: "line", onsubmit: submit },
    el("label", {}, "Name", label),
    el("label", {}, "Requests a minute", limit),
    button,
  );
  return card("New key", made, form);
}

function shownOnce(key) {
  const copy = el("button", { type: "button", className: "small", onclick: () => copied(key.key) }, "Copy");
  return el(
    "div",
    { className: "note good" },
    `This is the key ${key.name}. It is shown this once, so keep it now.`,
    el("div", { className: "secret" }, el("code", {}, key.key), copy),
  );
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    notice("Copied.");
  } catch {
    notice("The browser does not let this page copy; select the key instead.", "bad");
  }
}

function list(keys, redraw) {
  async function revoke(row, button) {
    if (!confirm(`Revoke the key ${row.name}? Whoever uses it is refused from now on.`)) return;
    button.disabled = true;
    try {
      await remove(`keys/${encodeURIComponent(row.name)}`);
      notice(`The key ${row.name} is revoked.`);
    } catch (error) {
      notice(error.message, "bad");
    }
    redraw();
  }

  const number = (value) => value.toLocaleString();
  const columns = [
    ["Name", (row) => row.name],
    ["Key", (row) => el("code", { className: "soft" }, row.hint)],
    ["Created", (row) => moment(row.created)],
    ["Last used", (row) => moment(row.last_used)],
    ["Requests", (row) => number(row.requests), "number"],
    ["Tokens in", (row) => number(row.prompt_tokens), "number"],
    ["Tokens out", (row) => number(row.answer_tokens), "number"],
    ["A minute", (row) => limitText(row.requests_per_minute), "number"],
    [
      "",
      (row) =>
        row.revocable
          ? el("button", { className: "small danger", "data-focus": row.name, onclick: (event) => revoke(row, event.target) }, "Revoke")
          : el("span", { className: "soft" }, "in the key file"),
    ],
  ];
  return card("Keys", table(columns, keys, "There are no keys: none is asked for."));
}

function limitText(limit) {
  if (limit === null) return "–";
  return limit === 0 ? "no limit" : String(limit);
}
