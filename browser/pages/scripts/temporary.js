// arg: {milliseconds}
// Switches temporary chat on, in the toolbar or in its overflow menu. Some builds tell in the menu alone that it
// is on. Returns {on}.
const isOn = () => find("temporary_indicator") !== null || findAll("temporary_mark").length > 0;
const openMenu = async () => {
  const opener = find("more_actions");
  if (!opener) return null;
  for (let round = 0; round < 2 && !find("temporary_item"); round += 1) {
    if (round) await dismissNotices(500); // one that came up just now keeps menus from opening
    opener.click();
    await until(() => find("temporary_item"), arg.milliseconds);
  }
  return find("temporary_item");
};
const leave = async () => {
  for (let round = 0; round < 2 && find("backdrop"); round += 1) {
    escape();
    await until(() => !find("backdrop"), arg.milliseconds);
  }
};
if (isOn()) return { on: true, winners };
const toggle = find("temporary_toggle");
if (toggle) {
  toggle.click();
} else {
  const item = await openMenu();
  if (!item) {
    const lacking = find("more_actions") ? "temporary_item" : "temporary_toggle";
    await leave();
    return { missing: lacking, winners };
  }
  if (!isOn()) {
    item.click();
    await until(() => !find("temporary_item"), arg.milliseconds);
  }
}
await until(isOn, toggle ? arg.milliseconds : arg.milliseconds / 3);
if (!toggle && !isOn()) await openMenu();
const on = isOn();
await leave();
return { on, winners };
