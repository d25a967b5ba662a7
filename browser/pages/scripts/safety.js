// arg: {areas: [area], steps: {area: step}, leave: bool, milliseconds}
// Opens the safety settings unless they are open, reads every slider, brings some to a step (0 is the left end),
// and leaves no dialog open if it is to leave. A slider of other than five steps is not touched: what its steps
// mean is not known.
// Returns {before: {area: step}, report: {area: {state, shown}}, closed}.
const STEPS = 5;
const dialog = () => find("safety_dialog");
const slider = (area) => { const root = dialog(); return root && find(area, root); };
const isClosed = () => !dialog() && !find("backdrop");
const numberOf = (input, name, otherwise) => (input[name] === "" ? otherwise : Number(input[name]));
const stepsOf = (input) => (numberOf(input, "max", 100) - numberOf(input, "min", 0)) / numberOf(input, "step", 1) + 1;
const stepOf = (input) => (Number(input.value) - numberOf(input, "min", 0)) / numberOf(input, "step", 1);
const read = () => Object.fromEntries(arg.areas.filter((area) => slider(area)).map((area) => [area, stepOf(slider(area))]));

const open = async () => {
  if (dialog()) return null;
  if (!find("safety_edit")) { // a collapsed section does not render its controls
    const expander = find("advanced_section");
    if (expander && expander.getAttribute("aria-expanded") !== "true") expander.click();
  }
  const edit = await until(() => find("safety_edit"), arg.milliseconds / 4);
  if (!edit) return "safety_edit";
  edit.click();
  if (await until(dialog, arg.milliseconds / 2)) return null;
  await dismissNotices(500); // one that came up just now keeps dialogs from opening
  if (!find("dialog")) edit.click();
  return (await until(dialog, arg.milliseconds / 2)) ? null : "safety_dialog";
};
const leave = async () => {
  const closer = find("dialog_close", dialog());
  if (closer) {
    closer.click();
    await until(isClosed, arg.milliseconds / 4);
  }
  for (let round = 0; round < 2 && !isClosed(); round += 1) {
    escape();
    await until(isClosed, arg.milliseconds / 4);
  }
};
const set = async (area, wanted) => {
  const input = slider(area);
  if (!input) return { state: "missing" };
  if (stepsOf(input) !== STEPS) return { state: `strange: it has ${stepsOf(input)} steps`, shown: input.value };
  const fits = () => { const now = slider(area); return now !== null && stepOf(now) === wanted; };
  if (fits()) return { state: "same", shown: input.value };
  if (isDisabled(input)) return { state: "disabled", shown: input.value };
  setValue(input, String(numberOf(input, "min", 0) + wanted * numberOf(input, "step", 1)), "change", "blur");
  return { state: (await until(fits, arg.milliseconds / 4)) ? "set" : "wrong", shown: (slider(area) || input).value };
};

const lacking = await open();
if (lacking) return { missing: lacking, winners };
await until(() => slider(arg.areas[0]), arg.milliseconds / 4);
const before = read();
const report = {};
// The page may merge a change into what it held before the last one: let it take each before the next.
const taken = () => new Promise((resolve) => { setTimeout(resolve); });
for (const [area, wanted] of Object.entries(arg.steps)) {
  report[area] = await set(area, wanted);
  await taken();
}
if (arg.leave) await leave();
return { before, report, closed: isClosed(), winners };
