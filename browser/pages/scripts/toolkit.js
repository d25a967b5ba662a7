// Shared by every script of the page objects. Everything waits for an observable effect with a deadline.
const winners = {};

// By style alone: asking for a place would lay the page out, which costs a second with a prompt of megabytes.
const isVisible = (element) => element.checkVisibility({ visibilityProperty: true });

const words = (element) => element.textContent || "";

// Each text inside of an element on its own, without the names of its icons.
const phrases = (element) => {
  const icons = SELECTORS.icon.map(({ css }) => css).join();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const said = [];
  while (walker.nextNode()) {
    const icon = walker.currentNode.parentElement.closest(icons);
    if (!icon || icon === element || !element.contains(icon)) said.push(walker.currentNode.data.trim());
  }
  return said.filter(Boolean);
};

const says = (element, text) => {
  const pattern = new RegExp(text, "i");
  return pattern.test(words(element)) || pattern.test(phrases(element).join(" "));
};

// What a candidate means inside of `root` and can be seen, in the document's order.
function* matches({ css, text, inner }, root) {
  for (const element of root.querySelectorAll(css)) {
    if (!isVisible(element) || (text && !says(element, text))) continue;
    const meant = inner ? element.querySelector(inner) : element;
    if (meant && (meant === element || isVisible(meant))) yield meant;
  }
}

// The first visible match of the first candidate that has one; remembers which candidate it was.
const find = (area, root = document) => {
  for (const candidate of SELECTORS[area]) {
    for (const element of matches(candidate, root)) {
      winners[area] = candidate.name;
      return element;
    }
  }
  return null;
};

// Whether it can be seen or not, as a file input cannot.
const findAll = (area) => {
  for (const candidate of SELECTORS[area]) {
    const found = [...document.querySelectorAll(candidate.css)];
    if (found.length) {
      winners[area] = candidate.name;
      return found;
    }
  }
  return [];
};

// Every visible match of every candidate: for areas that are a collection of alternatives.
const findAny = (area) => SELECTORS[area].flatMap((candidate) => [...matches(candidate, document)]);

const isDisabled = (element) => element.disabled || element.getAttribute("aria-disabled") === "true";

// Nobody waits any more for a script whose run was cancelled, and yet it goes on waiting for the page. The next
// script tells it so by a later epoch; from then on it does not touch the page.
const SUCCESSOR = "successor";
let isSucceeded = false;
const heedingSuccessors = async (work) => {
  const heed = ({ detail }) => { isSucceeded ||= detail > arg.epoch; };
  document.dispatchEvent(new CustomEvent(SUCCESSOR, { detail: arg.epoch }));
  document.addEventListener(SUCCESSOR, heed);
  try { return await work(); } finally { document.removeEventListener(SUCCESSOR, heed); }
};

// Resolves with the first truthy result of `check`, or with its last result when the time is up.
const until = (check, milliseconds) => new Promise((resolve, reject) => {
  const settle = (value) => {
    if (isSucceeded) reject(new Error("another script has the page now")); else resolve(value);
  };
  const first = check();
  if (first) { settle(first); return; }
  const finish = (value) => { observer.disconnect(); clearTimeout(timer); settle(value); };
  const observer = new MutationObserver(() => { const value = check(); if (value) finish(value); });
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const timer = setTimeout(() => finish(check()), milliseconds);
});

// Sets a form field as its framework expects it: through the native setter, then the events a person causes.
const setValue = (element, text, ...events) => {
  const prototype = element instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(element, text);
  element.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
  for (const name of events) element.dispatchEvent(new Event(name, { bubbles: name !== "blur" }));
};

// Where the page shows several, the one that can be pressed: a copy that is left over cannot.
const findRun = () => {
  for (const candidate of SELECTORS.run) {
    const shown = [...matches(candidate, document)];
    if (!shown.length) continue;
    winners.run = candidate.name;
    return shown.find((button) => !isDisabled(button)) || shown[0];
  }
  return null;
};

const runButton = () => findRun() || find("separate_stop");

// A text as a number that tells whether it is still the same. Quick, no secret: a megabyte takes milliseconds.
const digestOf = (text) => {
  let digest = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193);
  return digest >>> 0;
};

const isRunning = () => {
  if (find("separate_stop")) return true;
  const button = findRun();
  if (!button) return false;
  return button.classList.contains("stoppable")
    || button.querySelector(".stoppable-spinner, .stoppable-stop") !== null
    || /^\s*stop\b/i.test(button.getAttribute("aria-label") || phrases(button).join(" "));
};

const chipCount = () => findAll("media_chip").length;

const turnCount = () => findAll("turn").length;

// The id of the model that the card shows; where it shows none, whatever it shows as the model's name.
const MODEL_ID = /^(?:models\/)?((?:gemini|gemma|imagen|veo|lyria|learnlm)[\w.]*-[\w.-]+)$/;
const modelId = () => {
  const [named, card] = [find("model_name"), find("model_card")];
  const name = named ? words(named).trim().replace(/^models\//, "") : "";
  if (MODEL_ID.test(name) || !card) return name;
  const told = phrases(card).map((phrase) => MODEL_ID.exec(phrase)).find(Boolean);
  return told ? told[1] : name;
};

// The option that a select shows, or null where the page has no such select.
const chosenIn = (area) => {
  const select = find(area);
  return select && words(find("select_value", select) || select).trim();
};

// Whether an option's label says one of the wanted words; a label may explain its word, as in "16:9 (wide)".
const saysOneOf = (label, wanted) => {
  const said = label.toLowerCase().split(/[\s(),]+/);
  return wanted.some((word) => said.includes(word.toLowerCase()));
};

// What lies over a point, in words, or null when the element itself (or its inside) is on top.
const coveredBy = (element, x, y) => {
  const top = document.elementFromPoint(x, y);
  if (!top || element.contains(top)) return null;
  const dialog = find("dialog");
  const said = dialog ? ` of the dialog ${JSON.stringify(phrases(dialog).join(" ").slice(0, 80))}` : "";
  return `<${top.tagName.toLowerCase()} class="${top.className}">${said}`;
};

const centre = (element) => {
  const box = element.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

const escape = () => {
  const target = document.activeElement || document.body;
  const init = { key: "Escape", code: "Escape", keyCode: 27, bubbles: true, cancelable: true };
  target.dispatchEvent(new KeyboardEvent("keydown", init));
  target.dispatchEvent(new KeyboardEvent("keyup", init));
};

// Notices are closed as a person would close them; a survey's frame has no button of ours.
const dismissNotices = async (milliseconds) => {
  for (const survey of findAny("remove")) survey.remove();
  for (let round = 0; round < 5; round += 1) {
    const [closer] = findAny("dismiss");
    if (!closer) return;
    closer.click();
    await until(() => !findAny("dismiss").includes(closer), milliseconds);
  }
};

// For good: a tooltip that is taken away comes back with the next move of the mouse.
const letMouseThroughTooltips = () => {
  const rules = SELECTORS.tooltip.map(({ css }) => `:is(${css}), :is(${css}) * { pointer-events: none !important; }`);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules.join("\n"));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
};

// What an element says, without the names of its icons and buttons.
const sentence = (element) => {
  const copy = element.cloneNode(true);
  for (const { css } of [...SELECTORS.icon, ...SELECTORS.decoration]) copy.querySelectorAll(css).forEach((node) => node.remove());
  return words(copy).trim();
};

// What the page says of its own accord when something failed, as words; one thing said twice in one place is one.
const NOTICES = ["toast", "callout", "banner", "turn_error"];
const notices = () => NOTICES.flatMap((area) => {
  const shown = findAny(area).filter((element, at, all) => !all.some((other) => other !== element && other.contains(element)));
  return [...new Set(shown)].map((element) => ({ area, text: sentence(element).slice(0, 400) })).filter(({ text }) => text);
});

const lastNotice = () => {
  const said = notices();
  return said.length ? said[said.length - 1].text : "";
};

// The first match of the first candidate in an element or itself, whether it can be seen or not.
const within = (area, root) => {
  for (const { name, css } of SELECTORS[area]) {
    const found = root.matches(css) ? root : root.querySelector(css);
    if (!found) continue;
    winners[area] = name;
    return found;
  }
  return null;
};

// What the model has answered since the page showed so many turns. A turn may be there before it is anybody's.
const modelTurns = (shown) => findAll("turn").slice(shown).filter((turn) => within("model_turn", turn));

// Whether a turn shows anything but its frame.
const showsSomething = (turn) => SELECTORS.turn_piece.some(({ css }) =>
  [...turn.querySelectorAll(css)].some((piece) => words(piece).trim() || piece.querySelector("img, audio, video")));
