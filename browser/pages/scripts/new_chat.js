// arg: {answered: bool, milliseconds}
// Leaves the conversation for an empty one without a page load; what was put into the prompt box goes as well.
// After an answer a page that shows no turns is not empty but not understood. Returns {empty}.
if (arg.answered && turnCount() === 0) return { empty: false, winners };
const isEmpty = () => turnCount() === 0 && !isRunning();
const withoutFiles = async () => {
  for (let left = chipCount(); left > 0; left = chipCount()) {
    const [remove] = findAll("chip_remove");
    if (!remove) return false;
    remove.click();
    if (!(await until(() => chipCount() < left, arg.milliseconds))) return false;
  }
  return true;
};
const emptied = async () => {
  const box = find("prompt");
  if (box && box.value) setValue(box, "");
  return (await withoutFiles()) && isEmpty();
};
if (isEmpty()) return { empty: await emptied(), winners };
const opener = find("new_chat");
if (!opener) return { missing: "new_chat", winners };
opener.click();
const asked = await until(() => find("discard") || isEmpty(), arg.milliseconds);
if (asked instanceof HTMLElement) {
  asked.click();
  await until(() => isEmpty() && !find("dialog") && !find("backdrop"), arg.milliseconds);
}
return { empty: await emptied(), winners };
