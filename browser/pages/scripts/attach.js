// arg: {chips, toasts, milliseconds}
// Waits until the prompt shows so many files and none of them is still at work; questions that the page asks
// about them are answered yes. `toasts` are the failures that were told before. Leaves no menu open.
// Returns {state: "attached" | "refused" | "gone" | "absent" | "busy", said}.
const answered = new Set(); // a dialog that is closing still shows its buttons
const agree = () => {
  const button = find("upload_agree");
  if (!button || answered.has(button)) return;
  answered.add(button);
  button.click();
};
const newToast = () => {
  const old = [...arg.toasts];
  return findAny("upload_toast").map((toast) => sentence(toast)).find((said) => {
    const at = old.indexOf(said);
    if (at >= 0) old.splice(at, 1);
    return at < 0;
  });
};
const told = notices().map(({ text }) => text);
const newNotice = () => notices().map(({ text }) => text).filter((text) => !told.includes(text)).at(-1) || "";
let most = 0;
const outcome = () => {
  agree();
  const said = newToast();
  if (said) return { state: "refused", said };
  const [failed] = findAny("chip_error");
  if (failed) return { state: "refused", said: sentence(failed.closest("ms-media-chip") || failed) };
  const chips = chipCount();
  if (chips < most) return { state: "gone", said: "" };
  most = chips;
  return chips >= arg.chips && findAny("upload_busy").length === 0 ? { state: "attached", said: "" } : null;
};
let found = await until(outcome, arg.milliseconds);
if (!found) found = { state: chipCount() < arg.chips ? "absent" : "busy", said: "" };
if (found.state === "gone") { // it is told why a moment after the file has gone
  await until(() => newToast() || newNotice(), 500);
  found.said = newToast() || newNotice();
}
await until(() => !find("backdrop"), 400);
for (let round = 0; round < 3 && find("backdrop"); round += 1) {
  escape();
  await until(() => !find("backdrop"), 500);
}
return { ...found, said: (found.said || (found.state === "attached" ? "" : lastNotice())).slice(0, 300), winners };
