// arg: {text, milliseconds}
// Puts the whole text into the prompt box at once and waits until Run takes it.
// Returns {exact, enabled, chips, hovered, toast}; exact is false when the box holds anything else.
const box = find("prompt");
if (!box) return { missing: "prompt", winners };
// To show a caret or a selection the whole text would have to be laid out.
box.blur();
getSelection().removeAllRanges();
setValue(box, arg.text);
const wanted = arg.text.replace(/\r\n?/g, "\n"); // a textarea's own line ends
if (!(await until(() => find("run"), 3000))) return { missing: "run", winners };
const enabled = await until(() => { const button = find("run"); return button && !isDisabled(button); }, arg.milliseconds);
return {
  exact: (find("prompt") || box).value === wanted,
  enabled: Boolean(enabled),
  chips: chipCount(),
  hovered: find("run").matches(":hover"),
  toast: enabled ? "" : lastToast(),
  winners,
};
