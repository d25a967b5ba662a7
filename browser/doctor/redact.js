// arg: {hidden: [css], email: pattern, secret: pattern}
// The document as text for a bug report: structure, labels and attributes as they are; what people wrote, who
// they are, and everything that only machines read taken out. Changes nothing on the page.
const NOT_SHOWN = "script, noscript, style, link, meta, base, template";
const LABELS = ["aria-label", "title", "alt", "placeholder"];
const SHORTEST_WRITTEN = 8;
const ACCOUNT = "[aria-label*='Google Account'], [aria-label*='@']";
const SHORTEST_NAME = 3;
const ALWAYS_DROPPED = /^(value|data-value|srcdoc|src|srcset|on\w+|nonce|ping|action|formaction)$/;

const namesOf = (element) => {
  const label = (element.getAttribute("aria-label") || "").replace(/^[^:]*:/, "").replace(/\(.*$/, "");
  return label.split(/\s+/).filter((word) => word.length > 1);
};
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const shownNames = [...document.querySelectorAll(ACCOUNT)].flatMap(namesOf);
const people = shownNames.filter((name) => name.length >= SHORTEST_NAME || !/^[a-z]+$/.test(name));
const email = new RegExp(arg.email, "g");
const secret = new RegExp(arg.secret, "g");
const names = people.length
  ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${people.map(escaped).join("|")})(?![\\p{L}\\p{N}])`, "giu")
  : null;
// What was written may be repeated elsewhere, as in a list of the conversation's turns: long lines as a part of
// something, short ones as the whole of it.
const fields = [...document.querySelectorAll("textarea, input[type='text']")].map(({ value }) => value);
const lines = [...fields, ...findAll("turn").flatMap(phrases)].flatMap((text) => text.split("\n"))
  .map((line) => line.trim()).filter(Boolean);
const written = lines.filter((line) => line.length >= SHORTEST_WRITTEN).sort((one, other) => other.length - one.length);
const short = new Set(lines.filter((line) => line.length < SHORTEST_WRITTEN && !/^\d*$/.test(line)));
const anonymous = (text) => {
  if (short.has(text.trim())) return "[written]";
  const known = written.reduce((left, line) => left.split(line).join("[written]"), text);
  const plain = known.replace(email, "[address]").replace(secret, "[secret]");
  return names ? plain.replace(names, "[name]") : plain;
};

const copy = document.documentElement.cloneNode(true);
for (const node of copy.querySelectorAll(NOT_SHOWN)) node.remove();

const hide = (element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { length } = walker.currentNode.data.trim();
    if (length) walker.currentNode.data = `[${length} characters]`;
  }
  for (const part of [element, ...element.querySelectorAll("*")]) {
    for (const name of LABELS) {
      if (!part.matches("textarea, input")) part.removeAttribute(name); // a field's own label is the page's
    }
  }
};
for (const css of arg.hidden) for (const element of copy.querySelectorAll(css)) hide(element);

const cleaned = (name, value) => {
  if (name === "href") {
    return anonymous(value.replace(/[?#].*$/, "").replace(/(\/prompts\/)(?!new_chat)[^/]+/, "$1[id]"));
  }
  if (name === "style") return value.replace(/url\([^)]*\)/g, "url()");
  return name === "class" || name === "id" ? value.replace(email, "[address]") : anonymous(value);
};
const comments = [];
const walker = document.createTreeWalker(copy, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
for (let node = copy; node; node = walker.nextNode()) {
  if (node instanceof Comment) { comments.push(node); continue; }
  if (node instanceof Text) { node.data = anonymous(node.data); continue; }
  for (const { name, value } of [...node.attributes]) {
    if (ALWAYS_DROPPED.test(name)) node.removeAttribute(name); else node.setAttribute(name, cleaned(name, value));
  }
}
for (const comment of comments) comment.remove();
return { html: `<!doctype html>\n${copy.outerHTML}\n` };
