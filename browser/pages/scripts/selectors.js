// Which selectors and patterns this browser does not understand. Returns {bad: [{area, name, said}]}.
const bad = [];
const trial = (area, name, attempt) => {
  try { attempt(); } catch ({ message }) { bad.push({ area, name, said: message.replace(/^Failed to [^:]*: /, "") }); }
};
for (const [area, candidates] of Object.entries(SELECTORS)) {
  for (const { name, css, text, inner } of candidates) {
    trial(area, name, () => document.querySelector(css));
    if (inner) trial(area, name, () => document.querySelector(inner));
    if (text) trial(area, name, () => new RegExp(text, "i"));
  }
}
return { bad, winners };
