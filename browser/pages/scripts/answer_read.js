// arg: {shown: turns before Run, wait: milliseconds, size: what was returned as size last}
// Waits until the answer is over and stands still, then reads it as plain data; or until it has grown.
// Returns {over, size, toast, turns: [{index, pieces}]}. A piece is {kind} and, by kind: text and thought {tree}; thought
// {media} too; call and code {title, text}; media {mime, data} (base64, or a problem); error {text}. A tree is a
// string, or [tag, attributes, ...trees].
const QUIET_MS = 600; // the end can show before the last words are painted
const GROWTH_MS = 1000; // so often it is worth looking whether there is more
const DOUBTFUL_MS = 2500; // without the sign of an end, or without a word, it takes longer to believe it
const began = performance.now();
const left = () => Math.max(0, arg.wait - (performance.now() - began));

const kindOf = (element) => SELECTORS.turn_piece.find(({ css }) => element.matches(css))?.name;
const isNoise = (element) => SELECTORS.turn_noise.some(({ css }) => element.matches(css));
const isCode = (element) => kindOf(element) === "code";

const codeOf = (block) => {
  const title = within("code_title", block);
  const text = within("code_text", block);
  return { title: title ? sentence(title) : "", text: text ? words(text) : "" };
};

const treeOf = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || isNoise(node)) return null;
  if (isCode(node)) {
    const { title, text } = codeOf(node);
    return ["pre", { language: title }, text];
  }
  const formula = node.querySelector(":scope annotation[encoding='application/x-tex']");
  if (node.localName === "ms-katex" && formula) {
    return ["math", { display: node.querySelector(".katex-display") !== null }, words(formula)];
  }
  const attributes = {};
  for (const name of ["href", "start", "src", "alt"]) {
    if (node.hasAttribute(name)) attributes[name] = node.getAttribute(name);
  }
  return [node.localName, attributes, ...[...node.childNodes].map(treeOf).filter((tree) => tree !== null)];
};

const encoded = async (address) => {
  const blob = await (await fetch(address)).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
};
const mediaOf = async (element) => {
  const shown = element.querySelector("img, audio, video, source");
  const address = shown ? shown.currentSrc || shown.getAttribute("src") || "" : "";
  try {
    const url = address.startsWith("data:") ? address : await encoded(address);
    const [, mime, data] = url.match(/^data:([^,]*?)(?:;base64)?,(.*)$/s);
    return { kind: "media", mime, data };
  } catch (error) {
    return { kind: "media", problem: `${address.slice(0, 80)}: ${error}` };
  }
};

// Pieces in the order in which they stand; what is no piece is looked into.
const piecesOf = async (root) => {
  const pieces = [];
  for (const element of root.children) {
    const kind = kindOf(element);
    if (isNoise(element)) continue;
    if (!kind) pieces.push(...await piecesOf(element));
    else if (kind === "media") pieces.push(await mediaOf(element));
    else if (kind === "error") pieces.push({ kind, text: sentence(element) });
    else if (kind === "text") pieces.push({ kind, tree: treeOf(element) });
    else if (kind === "thought") pieces.push(await thoughtOf(element));
    else pieces.push({ kind, ...codeOf(element) });
  }
  return pieces;
};
const thoughtOf = async (element) => {
  const inner = await piecesOf(element);
  const texts = inner.filter(({ kind }) => kind === "text").map(({ tree }) => tree);
  return { kind: "thought", tree: ["div", {}, ...texts], media: inner.filter(({ kind }) => kind === "media") };
};

// Turns out of sight keep their frame only.
const readTurn = async (turn) => {
  if (!within("turn_content", turn)) {
    turn.scrollIntoView({ block: "end" });
    await until(() => within("turn_content", turn), QUIET_MS);
  }
  return { index: findAll("turn").indexOf(turn), pieces: await piecesOf(within("turn_content", turn) || turn) };
};

const state = () => modelTurns(arg.shown).map((turn) => `${words(turn)}${turn.querySelectorAll("img").length}`).join();
const lastToast = () => notices().filter(({ area }) => area === "toast").at(-1)?.text || "";
const hasFailed = () => findAll("turn").length > arg.shown && lastToast() !== "";
const hasEnded = () => !isRunning() && (modelTurns(arg.shown).length > 0 || hasFailed());
const isCertain = () => {
  const turns = modelTurns(arg.shown);
  const last = turns[turns.length - 1];
  const failed = SELECTORS.turn_piece.some(({ name, css }) => name === "error" && last?.querySelector(css));
  return failed || (turns.some(showsSomething) && within("turn_footer", last) !== null);
};
let grown = false;
let looked = began;
const hasGrown = () => {
  if (!grown && performance.now() - looked > GROWTH_MS) {
    looked = performance.now();
    grown = state().length !== arg.size;
  }
  return grown;
};
const stoodStill = async () => {
  if (!(await until(() => hasEnded() || hasGrown(), left())) || !hasEnded()) return false;
  const before = state();
  return !(await until(() => state() !== before || !hasEnded(), isCertain() ? QUIET_MS : DOUBTFUL_MS));
};
let over = false;
while (!over && left() > 0 && !hasGrown()) over = await stoodStill();
const turns = [];
if (over) for (const turn of modelTurns(arg.shown)) turns.push(await readTurn(turn));
return { over, size: state().length, toast: lastToast(), turns, winners };
