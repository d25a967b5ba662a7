import { get, post, put, remove } from "../client.js";
import { card, day, el, moment, note, notice, pill, table } from "../dom.js";

export const name = "profiles";
export const title = "Sign-ins";
export const refreshMs = 5000;

const STATES = {
  ok: ["ok", "good"],
  cooling_down: ["cooling down", "busy"],
  signed_out: ["signed out", "bad"],
  expired: ["expired", "bad"],
  unusable: ["unusable", "bad"],
};

// What stays while the list is drawn anew: the form, the last failure, and which profile is being taken into use.
let importer = null;
let told = null;
let switching = "";

export async function draw(place, redraw) {
  const found = await get("profiles");
  importer ??= makeImporter(redraw);
  told ??= el("div");
  if (importer.parentNode !== place) place.replaceChildren(importer);
  while (importer.previousSibling) importer.previousSibling.remove();
  importer.before(list(found, redraw));
}

export function leave() {
  importer = told = null;
}

const SWITCHES = {
  manual: "Another one is used only when you say so (PROFILE_SWITCH=manual).",
  on_quota: "Another one is used by itself when the site says no to the one in use (PROFILE_SWITCH=on_quota).",
};

function list({ profiles, active, switch: mode }, redraw) {
  const columns = [
    ["Name", (row) => row.name],
    ["State", (row) => state(row)],
    ["Lasts until", (row) => day(row.expires)],
    ["Saved", (row) => day(row.last_used)],
    ["", (row) => actions(row, redraw)],
  ];
  const empty = "No profiles are in this folder. Sign in from here, or bring one in below.";
  const waiting = switching
    ? note(`${switching} is signed in beside the one in use; then the running answer is finished.`)
    : null;
  const elsewhere = active && !profiles.some((one) => one.active)
    ? note(`In use is ${active}, whose file is not in this folder.`)
    : null;
  return card(
    "Sign-ins",
    told,
    ...[waiting, elsewhere].filter(Boolean),
    table(columns, profiles, empty),
    el("p", { className: "soft" }, SWITCHES[mode]),
  );
}

function state(row) {
  const [text, kind] = STATES[row.state] ?? [row.state, ""];
  const lines = [el("div", { className: "pills" }, pill(text, kind), row.active ? pill("in use", "good") : null, othersPill(row))];
  if (row.problem) lines.push(el("div", { className: "soft" }, row.problem));
  for (const one of row.cooling) {
    lines.push(el("div", { className: "soft" }, `${one.model ?? "every model"} until ${moment(one.until)}`));
  }
  return el("div", { className: "state" }, ...lines);
}

function othersPill(row) {
  return row.in_use && !row.active ? pill("used by another gateway") : null;
}

function actions(row, redraw) {
  const path = `profiles/${encodeURIComponent(row.name)}`;
  const download = el("a", { className: "button small", href: `api/${path}`, download: `${row.name}.json` }, "Export");
  if (row.in_use || row.active) return el("div", { className: "actions" }, download);
  const button = (text, act, className = "small") =>
    el("button", { className, "data-focus": `${text} ${row.name}`, disabled: switching !== "", onclick: act }, text);
  return el(
    "div",
    { className: "actions" },
    button("Use", () => use(row, path, redraw)),
    button("Rename", () => rename(row, path, redraw)),
    download,
    button("Retire", () => retire(row, path, redraw), "small danger"),
  );
}

async function attempt(act, success, redraw) {
  told?.replaceChildren();
  try {
    await act();
    notice(success);
  } catch (error) {
    told?.replaceChildren(note(error.message, "bad"));
  }
  redraw();
}

async function use(row, path, redraw) {
  switching = row.name;
  redraw();
  const act = () => post(`${path}/activate`).finally(() => { switching = ""; });
  await attempt(act, `${row.name} is used from now on.`, redraw);
}

async function rename(row, path, redraw) {
  const other = prompt(`Another name for ${row.name}:`, row.name);
  if (!other || other === row.name) return;
  await attempt(() => post(`${path}/rename`, { name: other }), `${row.name} is now ${other}.`, redraw);
}

async function retire(row, path, redraw) {
  if (!confirm(`Retire ${row.name}? Its file is put aside, and no gateway uses it any more.`)) return;
  await attempt(() => remove(path), `${row.name} is retired.`, redraw);
}

function makeImporter(redraw) {
  const label = el("input", { required: true, maxLength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._@+\\-]*", placeholder: "work" });
  const file = el("input", { type: "file", required: true, accept: "application/json,.json" });
  const over = el("input", { type: "checkbox" });
  const failed = el("div");

  async function submit(event) {
    event.preventDefault();
    failed.replaceChildren();
    try {
      const state = await storageState(file.files[0]);
      await put(`profiles/${encodeURIComponent(label.value)}?replace=${over.checked}`, state);
      notice(`${label.value} is kept as a profile.`);
      event.target.reset();
    } catch (error) {
      failed.replaceChildren(note(error.message, "bad"));
    }
    redraw();
  }

  const form = el(
    "form",
    { className: "line", onsubmit: submit },
    el("label", {}, "Name", label),
    el("label", {}, "Storage-state file", file),
    el("label", { className: "check" }, over, "replace an old one"),
    el("button", { className: "main", type: "submit" }, "Bring in"),
  );
  const hint = "A file that was exported here or by another gateway. Whoever has it is signed in as you: delete it after use.";
  return card("Bring one in", failed, form, el("p", { className: "soft" }, hint));
}

async function storageState(file) {
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new Error(`${file.name} is no JSON.`);
  }
}
