// Elements without markup in strings: text from the gateway can never become HTML.

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function card(title, ...children) {
  return el("section", { className: "card" }, el("h2", {}, title), ...children);
}

export function pill(text, kind = "") {
  return el("span", { className: `pill ${kind}` }, text);
}

export function note(text, kind = "") {
  return el("p", { className: `note ${kind}` }, text);
}

export function facts(pairs) {
  const cells = pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  return el("dl", { className: "facts" }, ...cells);
}

// `columns`: [title, row => text or element, class]
export function table(columns, rows, empty) {
  if (!rows.length) return el("div", { className: "empty" }, empty);
  const head = columns.map(([title, , className = ""]) => el("th", { className, scope: "col" }, title));
  const body = rows.map((row) =>
    el("tr", {}, ...columns.map(([, cell, className = ""]) => el("td", { className }, cell(row)))),
  );
  const whole = el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
  return el("div", { className: "wide" }, whole);
}

const NOTICE_MS = 6000;

export function notice(text, kind = "") {
  const shown = note(text, kind);
  document.getElementById("notices").append(shown);
  setTimeout(() => shown.remove(), NOTICE_MS);
}

export function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60]];
  for (const [index, [unit, size]] of units.entries()) {
    if (seconds < size) continue;
    const next = units[index + 1];
    const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
    return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${next[0]}` : ""}`;
  }
  return `${Math.round(seconds)} s`;
}

export function moment(text) {
  return text ? new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "–";
}

export function day(text) {
  return text ? new Date(text).toLocaleDateString([], { dateStyle: "medium" }) : "–";
}
