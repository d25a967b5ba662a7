// arg: {prefix, text, typed: bool, milliseconds}
// Makes a dialog behind an Edit button hold a JSON text, saves it, and leaves no dialog open. Areas are
// <prefix>_edit, _dialog, _tab, _text and _save. What means the same already is not saved again.
// Returns {state, area, said}; state is "same", "saved", "refused" (`said` in the page's words), "wrong" (a
// field did not take the text), "stuck" (it does not close or cannot be saved), or "keys": the focused editor
// takes only a keyboard; type, then run again with `typed`.
const area = (name) => `${arg.prefix}_${name}`;
const dialog = () => find(area("dialog"));
const inDialog = (name) => { const root = dialog(); return root && find(name, root); };
const field = () => inDialog(area("text"));
const isGone = () => !dialog() && !find("backdrop");
const complaint = () => { const found = inDialog("dialog_error"); return found ? words(found).trim().slice(0, 300) : ""; };
const meaning = (text) => { try { return JSON.stringify(JSON.parse(text)); } catch { return text.trim(); } };

const leave = async () => {
  const closer = inDialog("dialog_close");
  if (closer) {
    closer.click();
    await until(isGone, arg.milliseconds / 4);
  }
  for (let round = 0; round < 2 && !isGone(); round += 1) {
    escape();
    await until(isGone, arg.milliseconds / 4);
  }
};
const lack = async (name) => { await leave(); return { missing: area(name), winners }; };
const end = async (state, name, said = "") => {
  await leave();
  return { state: dialog() && state === "same" ? "stuck" : state, area: area(name), said, winners };
};

const open = async () => {
  const usable = () => { const button = find(area("edit")); return button && !isDisabled(button) ? button : null; };
  const edit = await until(usable, arg.milliseconds / 2);
  if (!edit) return find(area("edit")) ? "edit_disabled" : "edit";
  edit.click();
  if (await until(dialog, arg.milliseconds / 2)) return null;
  // A notice that came up just now keeps dialogs from opening.
  await dismissNotices(500);
  if (!find("dialog")) edit.click();
  return (await until(dialog, arg.milliseconds / 2)) ? null : "dialog";
};
// Both tabs may have a text field, and choosing one may put new tabs and fields in the place of the old ones.
const showText = async () => {
  const tab = () => inDialog(area("tab"));
  const isChosen = () => !tab() || tab().getAttribute("aria-selected") !== "false";
  const before = tab() && tab().getAttribute("aria-selected") === "false" ? field() : null;
  if (tab() && tab().getAttribute("aria-selected") !== "true") tab().click();
  await until(() => isChosen() && field() && field() !== before, arg.milliseconds / 2);
  if (isChosen() && field()) return null;
  return field() || tab() ? "text" : "tab";
};

// A code editor draws only a part of a long text.
const DRAWN = 3000;
const isDrawn = () => {
  const lines = inDialog("code_lines");
  return !lines || arg.text.length > DRAWN || words(lines).replace(/\s/g, "") === arg.text.replace(/\s/g, "");
};

if (arg.typed) {
  if (!(await until(isDrawn, arg.milliseconds / 2))) return end("wrong", "text");
} else {
  const lacking = (dialog() ? null : await open()) || (await showText());
  if (lacking === "edit_disabled") return end("stuck", "edit");
  if (lacking) return lack(lacking);
  if (field().closest(".monaco-editor")) {
    field().focus();
    return { state: "keys", area: area("text"), said: "", winners };
  }
  if (meaning(field().value) === meaning(arg.text)) return end("same", "text");
  setValue(field(), arg.text, "change");
  if (field().value !== arg.text) return end("wrong", "text");
}
const canSave = () => { const button = inDialog(area("save")); return button && !isDisabled(button) ? button : null; };
const save = await until(canSave, arg.milliseconds / 2);
if (!save) {
  if (complaint()) return end("refused", "text", complaint());
  return inDialog(area("save")) ? end("stuck", "save") : lack("save");
}
save.click();
await until(() => isGone() || complaint(), arg.milliseconds);
const said = complaint();
if (said) return end("refused", "text", said);
return dialog() ? end("stuck", "save") : { state: "saved", area: area("text"), said, winners };
