// arg: {milliseconds}
// Finds where files are given to the page: its file input, which may exist only while its menu is open, else
// the menu's item that asks the browser for a file. Returns {element, kind: "input" | "item" | "disabled",
// multiple, chips, toasts}: how many files the prompt has already, and what is said about uploads by now.
// A file input is never seen itself. In a place that is not seen either it may belong to a prompt box that is
// out of use: the menu of the one in use is asked first.
const input = () => findAll("file_input").find(({ parentElement }) => !parentElement || isVisible(parentElement)) || null;
const lacking = (area) => {
  const [unseen] = findAll("file_input");
  return unseen ? place(unseen, "input") : { missing: area, winners };
};
const place = (element, kind) => ({
  element,
  kind,
  multiple: element instanceof HTMLInputElement && element.multiple,
  chips: chipCount(),
  toasts: findAny("upload_toast").map((toast) => sentence(toast)),
  winners,
});
if (input()) return place(input(), "input");
for (let round = 0; round < 2; round += 1) {
  const opener = find("media_menu");
  if (!opener) return lacking("media_menu");
  if (isDisabled(opener)) return place(null, "disabled");
  opener.click();
  await until(() => input() || find("upload_item"), arg.milliseconds);
  if (input()) return place(input(), "input");
  if (find("upload_item")) return place(find("upload_item"), "item");
  escape(); // what was left open before may have taken the click
}
return lacking("upload_item");
