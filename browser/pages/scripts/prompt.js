// arg: {text, milliseconds}
// Puts the whole text into the prompt box at once and waits until Run takes it.
// Returns {exact, enabled, needs_key, label, chips, hovered, notice, told}; exact is false when the box holds
// anything else. A Run button that asks for an API key does not wait for one.
const box = find("prompt");
if (!box) return { missing: "prompt", winners };
// To show a caret or a selection the whole text would have to be laid out.
box.blur();
getSelection().removeAllRanges();
setValue(box, arg.text);
const wanted = arg.text.replace(/\r\n?/g, "\n"); // a textarea's own line ends
if (!(await until(() => find("run"), 3000))) return { missing: "run", winners };
const isEnabled = () => { const button = find("run"); return button !== null && !isDisabled(button); };
const needsKey = () => { const button = find("run"); return button !== null && /no api key/i.test(words(button)); };
await until(() => isEnabled() || needsKey(), arg.milliseconds);
const enabled = isEnabled();
return {
  exact: (find("prompt") || box).value === wanted,
  enabled,
  needs_key: !enabled && needsKey(),
  label: sentence(find("run")),
  chips: chipCount(),
  hovered: find("run").matches(":hover"),
  notice: enabled ? "" : lastNotice(),
  told: notices().map(({ text }) => text),
  winners,
};
