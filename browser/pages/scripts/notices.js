// arg: {told: [text], milliseconds}
// Waits until the page says something that is not among `told`, and returns all of that: {notices: [{area, text}]}.
let told = [...arg.told];
const fresh = () => {
  const shown = notices();
  const left = [...told];
  const unknown = shown.filter(({ text }) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  for (const gone of left) told.splice(told.indexOf(gone), 1);
  return unknown.length ? unknown : null;
};
return { notices: (await until(fresh, arg.milliseconds)) || [], winners };
