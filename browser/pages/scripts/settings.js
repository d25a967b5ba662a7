// arg: {numbers: {area: value}, switches: {area: bool}, milliseconds}
// Brings the run settings to what is wanted, changing only what differs, and reads each back.
// Returns {area: {state: "same" | "set" | "missing" | "disabled" | "wrong", shown}}.
const TOLERANCE = 0.001;
const SECTION = {
  top_p: "advanced_section", max_output_tokens: "advanced_section", stop_input: "advanced_section",
  google_search: "tools_section", url_context: "tools_section", code_execution: "tools_section",
  google_maps: "tools_section", function_calling: "tools_section", structured_output: "tools_section",
};

const openPanel = async () => {
  if (find("settings_panel")) return;
  const opener = find("settings_opener");
  if (opener) opener.click();
  await until(() => find("settings_panel"), arg.milliseconds);
};
// A collapsed section does not render its controls.
const openSections = async () => {
  const wanted = [...Object.keys(arg.numbers), ...Object.keys(arg.switches), ...(arg.sections || [])];
  const closed = new Set(wanted.filter((area) => SECTION[area] && !find(area)).map((area) => SECTION[area]));
  await Promise.all([...closed].map(async (section) => {
    const expander = find(section);
    if (!expander || expander.getAttribute("aria-expanded") === "true") return;
    if (expander.parentElement.parentElement.classList.contains("expanded")) return;
    expander.click();
    await until(() => wanted.some((area) => SECTION[area] === section && find(area)), arg.milliseconds);
  }));
};

const numberOf = (input) => Number(input.getAttribute("aria-valuenow") ?? input.value);
const setNumber = async (area, wanted) => {
  const input = find(area);
  if (!input) return { state: "missing" };
  const fits = () => { const now = find(area); return now !== null && Math.abs(numberOf(now) - wanted) <= TOLERANCE; };
  if (fits()) return { state: "same", shown: String(wanted) };
  if (isDisabled(input)) return { state: "disabled", shown: input.value };
  setValue(input, String(wanted), "change", "blur");
  const done = await until(fits, arg.milliseconds);
  return { state: done ? "set" : "wrong", shown: (find(area) || input).value };
};

const isOn = (toggle) => toggle.getAttribute("aria-checked") === "true";
const setSwitch = async (area, wanted) => {
  const toggle = find(area);
  if (!toggle) return { state: "missing" };
  if (isOn(toggle) === wanted) return { state: "same", shown: String(wanted) };
  if (isDisabled(toggle)) return { state: "disabled", shown: String(!wanted) };
  const fits = () => { const now = find(area); return now !== null && isOn(now) === wanted; };
  toggle.click();
  if (!(await until(fits, arg.milliseconds / 2))) {
    // An animation may have swallowed the click: look again, click again only if it did.
    const again = find(area);
    if (again && isOn(again) !== wanted) again.click();
  }
  return { state: (await until(fits, arg.milliseconds / 2)) ? "set" : "wrong", shown: String(!wanted) };
};

await openPanel();
await openSections();
const report = {};
await Promise.all([
  ...Object.entries(arg.numbers).map(async ([area, value]) => { report[area] = await setNumber(area, value); }),
  ...Object.entries(arg.switches).map(async ([area, value]) => { report[area] = await setSwitch(area, value); }),
]);
return { report, winners };
