// arg: {area, list, wanted: [word], milliseconds}
// Chooses in a select's list the first option that says one of the wanted words, and leaves no list open.
// Returns {state, shown} as the settings do; "unoffered" when the list has no such option, which are shown then.
const list = () => find(arg.list);
const labelOf = (option) => words(find("select_option_text", option) || option).trim();
const options = () => (list() ? [...list().querySelectorAll(SELECTORS.select_option.map(({ css }) => css).join())] : []);
const optionFor = () => options().find((option) => saysOneOf(labelOf(option), arg.wanted));
const fits = () => saysOneOf(chosenIn(arg.area) || "", arg.wanted);

const select = find(arg.area);
if (!select) return { state: "missing", winners };
if (isDisabled(select)) return { state: "disabled", shown: chosenIn(arg.area), winners };
(find("select_trigger", select) || select).click();
const option = await until(optionFor, arg.milliseconds);
const offered = options().map(labelOf);
if (option) {
  option.click();
  await until(() => fits() && !list() && !find("backdrop"), arg.milliseconds);
}
if (list() || find("backdrop")) {
  escape();
  await until(() => !list() && !find("backdrop"), arg.milliseconds);
}
if (fits()) return { state: "set", shown: chosenIn(arg.area), winners };
if (!option && offered.length) return { state: "unoffered", shown: offered.join(", "), winners };
return { state: "wrong", shown: chosenIn(arg.area) || "", winners };
