// arg: {text, milliseconds}
// Puts the whole text into the prompt box at once and waits until Run takes it.
// Returns {exact, digest, enabled, needs_key, label, chips, hovered, notice, told}; exact is false when the box holds
// anything else. A Run button that asks for an API key does not wait for one.
const box = find("prompt");
if (!box) return { missing: "prompt", winners };
// To show a caret or a selection the whole text would have to be laid out.
box.blur();
getSelection().removeAllRanges();
setValue(box, arg.text);
const wanted = arg.text.replace(/\r\n?/g, "\n"); // a textarea's own line ends
if (!(await until(() => findRun(), 3000))) return { missing: "run", winners };
const isEnabled = () => { const button = findRun(); return button !== null && !isDisabled(button); };
const needsKey = () => { const button = findRun(); return button !== null && /no api key/i.test(words(button)); };
const isExact = () => (find("prompt") || box).value === wanted;
await until(() => isEnabled() || needsKey() || !isExact(), arg.milliseconds);
const enabled = isEnabled();
return {
  exact: isExact(),
  digest: digestOf(wanted),
  enabled,
  needs_key: !enabled && needsKey(),
  label: sentence(findRun()),
  chips: chipCount(),
  hovered: findRun().matches(":hover"),
  notice: enabled ? "" : lastNotice(),
  told: notices().map(({ text }) => text),
  winners,
};
