// arg: {level, milliseconds}
// Chooses a thinking level in its list, and leaves no list open. Returns {state, shown} as the settings do.
const list = () => find("thinking_levels");
const labelOf = (option) => words(find("select_option_text", option) || option).trim();
const optionFor = () => list() && [...list().querySelectorAll(SELECTORS.select_option.map(({ css }) => css).join())]
  .find((option) => labelOf(option).toLowerCase() === arg.level);
const fits = () => (chosenLevel() || "").toLowerCase() === arg.level;

const select = find("thinking_level");
if (!select) return { state: "missing", winners };
if (isDisabled(select)) return { state: "disabled", shown: chosenLevel(), winners };
(find("select_trigger", select) || select).click();
const option = await until(optionFor, arg.milliseconds);
if (option) {
  option.click();
  await until(() => fits() && !list() && !find("backdrop"), arg.milliseconds);
}
if (list() || find("backdrop")) {
  escape();
  await until(() => !list() && !find("backdrop"), arg.milliseconds);
}
return { state: fits() ? "set" : "wrong", shown: chosenLevel() || "", winners };
