// arg: {area, list, wanted: [word], milliseconds}
// Chooses in a select the first option that says one of the wanted words, and leaves no list open.
// Returns {state, shown} as the settings do, or state "unoffered" with what is offered as `shown`.
const list = () => find(arg.list);
const labelOf = (option) => words(find("select_option_text", option) || option).trim();
const options = () => list() ? [...list().querySelectorAll(SELECTORS.select_option.map(({ css }) => css).join())] : [];
const fits = () => saysOneOf(chosenOption(arg.area) || "", arg.wanted);
const closed = () => !list() && !find("backdrop");
const close = async () => {
  if (closed()) return;
  escape();
  await until(closed, arg.milliseconds);
};

const select = find(arg.area);
if (!select) return { state: "missing", winners };
if (isDisabled(select)) return { state: "disabled", shown: chosenOption(arg.area), winners };
(find("select_trigger", select) || select).click();
await until(() => options().length > 0, arg.milliseconds);
const offered = options();
const option = offered.find((one) => saysOneOf(labelOf(one), arg.wanted));
if (offered.length && !option) {
  const shown = offered.map(labelOf).join(", ");
  await close();
  return { state: "unoffered", shown, winners };
}
if (option) {
  option.click();
  await until(() => fits() && closed(), arg.milliseconds);
}
await close();
return { state: fits() ? "set" : "wrong", shown: chosenOption(arg.area) || "", winners };
