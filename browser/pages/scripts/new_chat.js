// arg: {milliseconds}
// Leaves the conversation for an empty one without a page load. Returns {empty}.
const isEmpty = () => turnCount() === 0 && !isRunning();
const emptied = async () => {
  const box = find("prompt");
  if (box && box.value) setValue(box, "");
  return isEmpty();
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
