// arg: {milliseconds}
// Switches temporary chat on, in the toolbar or in its overflow menu. Returns {on}.
const isOn = () => find("temporary_indicator") !== null;
if (isOn()) return { on: true, winners };
const toggle = find("temporary_toggle");
if (toggle) {
  toggle.click();
} else {
  const opener = find("more_actions");
  if (!opener) return { missing: "temporary_toggle", winners };
  opener.click();
  const item = await until(() => find("temporary_item"), arg.milliseconds);
  if (!item) { escape(); return { missing: "temporary_item", winners }; }
  item.click();
}
await until(isOn, arg.milliseconds);
if (find("backdrop")) { escape(); await until(() => !find("backdrop"), arg.milliseconds); }
return { on: isOn(), winners };
