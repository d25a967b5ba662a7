// arg: {index: of the turn, milliseconds}
// The source of a turn's text, as its own edit box holds it; the box is closed again.
// Returns {source: null where the page gives none, closed}.
const turn = findAll("turn")[arg.index];
const edit = turn && within("turn_edit", turn);
if (!edit) return { source: null, closed: true, winners };
edit.click();
const editor = await until(() => within("turn_editor", turn), arg.milliseconds);
if (!editor) return { source: null, closed: within("turn_edit_end", turn) === null, winners };
const source = editor.getAttribute("data-value") ?? editor.value ?? null;
const end = within("turn_edit_end", turn);
if (end) end.click();
const closed = Boolean(await until(() => !within("turn_editor", turn), arg.milliseconds));
return { source, closed, winners };
