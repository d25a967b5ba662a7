// arg: {numbers: {area: value}, switches: {area: bool}, choices: {area: [word]}, thinking: object | null,
//   sections: [area], milliseconds}
// Brings the run settings to what is wanted, changing only what differs, and reads each back.
// `thinking` is {level} or {mode: bool, manual: bool, budget: number | null}. A level, or another choice, that
// differs is only reported: its list takes the keyboard's focus, which may be needed elsewhere at the same time.
// Returns {area: {state: "same" | "set" | "missing" | "disabled" | "wrong" | "different", shown}}.
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
  // A switch may be held by another one that is on its way out.
  const free = () => { const now = find(area); return now && !isDisabled(now) ? now : null; };
  const ready = await until(free, arg.milliseconds);
  if (!ready) return { state: "disabled", shown: String(!wanted) };
  const fits = () => { const now = find(area); return now !== null && isOn(now) === wanted; };
  ready.click();
  if (!(await until(fits, arg.milliseconds / 2))) {
    // An animation may have swallowed the click: look again, click again only if it did.
    const again = find(area);
    if (again && isOn(again) !== wanted) again.click();
  }
  return { state: (await until(fits, arg.milliseconds / 2)) ? "set" : "wrong", shown: String(!wanted) };
};

// A page without a switch for the mode thinks always; that it can be told how much shows that it does.
const setMode = (wanted) => {
  if (wanted && !find("thinking_mode") && find("thinking_manual")) return { state: "same" };
  return setSwitch("thinking_mode", wanted);
};
const holds = ({ state }) => state === "same" || state === "set";
const compare = (area, wanted) => {
  const shown = chosenIn(area);
  if (shown === null) return { state: "missing" };
  return { state: saysOneOf(shown, wanted) ? "same" : "different", shown };
};
const setThinking = async ({ level, mode, manual, budget }) => {
  if (level) return { thinking_level: compare("thinking_level", [level]) };
  const first = await setMode(mode);
  if (!mode || !holds(first)) return { thinking_mode: first };
  if (first.state === "set") await until(() => find("thinking_manual"), arg.milliseconds);
  const second = await setSwitch("thinking_manual", manual);
  if (!manual || !holds(second)) return { thinking_budget: second };
  await until(() => find("thinking_budget"), arg.milliseconds);
  return { thinking_budget: await setNumber("thinking_budget", budget) };
};

// One after the other, and off before on: the page lets some tools be on only while others are off, and may
// take a click for its last word on all of them.
const setSwitches = async () => {
  const reports = {};
  const inOrder = Object.entries(arg.switches).sort(([, one], [, other]) => one - other);
  for (const [area, wanted] of inOrder) reports[area] = await setSwitch(area, wanted);
  for (const [area, wanted] of inOrder) {
    const toggle = find(area);
    if (holds(reports[area]) && (!toggle || isOn(toggle) !== wanted)) reports[area] = { state: "wrong", shown: String(!wanted) };
  }
  return reports;
};

await openPanel();
await openSections();
const report = {};
await Promise.all([
  ...Object.entries(arg.numbers).map(async ([area, value]) => { report[area] = await setNumber(area, value); }),
  setSwitches().then((reports) => Object.assign(report, reports)),
  arg.thinking && setThinking(arg.thinking).then((reports) => Object.assign(report, reports)),
]);
for (const [area, wanted] of Object.entries(arg.choices)) report[area] = compare(area, wanted);
return { report, winners };
