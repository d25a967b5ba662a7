// arg: {step, area, areas, any: bool, root, milliseconds}
// The doctor's ways to look at the page and to open what it looks at; one step a call. `root` is the area
// inside which to look. Areas that people cannot see, as a file input, count as soon as they exist.
const UNSEEN = new Set(["file_input"]);
const NUMBERS = ["temperature", "top_p", "max_output_tokens", "thinking_budget"];
const SWITCHES = [
  "google_search", "url_context", "code_execution", "google_maps", "function_calling", "structured_output",
  "thinking_mode", "thinking_manual",
];
const CHOICES = ["thinking_level", "media_resolution", "aspect_ratio", "image_size"];
const SECTIONS = { tools_section: SWITCHES.slice(0, 6), advanced_section: ["stop_input", "top_p", "max_output_tokens", "safety_edit"] };

const root = () => (arg.root ? find(arg.root) : document);
const seen = (area) => {
  if (UNSEEN.has(area)) return findAll(area)[0] || null;
  return root() && find(area, root());
};
const each = (areas, read) => Object.fromEntries(areas.map((area) => {
  const element = find(area);
  return [area, element && read(element)];
}));
const isExpanded = (button) => button.getAttribute("aria-expanded") === "true"
  || button.parentElement.parentElement.classList.contains("expanded");

const steps = {
  // {area: name of the candidate that found it, or null}
  async look() {
    await until(() => (arg.any ? arg.areas.some(seen) : arg.areas.every(seen)), arg.milliseconds);
    return Object.fromEntries(arg.areas.map((area) => [area, seen(area) ? winners[area] : null]));
  },

  async press() {
    const element = seen(arg.area);
    if (!element || isDisabled(element)) return { pressed: false };
    element.click();
    return { pressed: true };
  },

  async gone() {
    return { gone: Boolean(await until(() => !seen(arg.area), arg.milliseconds)) };
  },

  // Closes dialogs, sheets and menus as a person does who wants to change nothing.
  async close() {
    const isClosed = () => !find("backdrop") && !find("dialog");
    const dialog = find("dialog");
    const closer = dialog && (find("sheet_close", dialog) || find("dialog_close", dialog));
    if (closer) {
      closer.click();
      await until(isClosed, arg.milliseconds);
    }
    for (let round = 0; round < 3 && !isClosed(); round += 1) {
      escape();
      await until(isClosed, arg.milliseconds);
    }
    return { closed: isClosed() };
  },

  async panel() {
    if (!find("settings_panel")) {
      find("settings_opener")?.click();
      await until(() => find("settings_panel"), arg.milliseconds);
    }
    for (const [section, children] of Object.entries(SECTIONS)) {
      const button = find(section);
      if (!button || isExpanded(button) || children.some((area) => find(area))) continue;
      button.click();
      await until(() => children.some((area) => find(area)), arg.milliseconds);
    }
    return {};
  },

  // What the run settings and the prompt are right now; null for what is not shown.
  async settings() {
    return {
      model: modelId(),
      choices: Object.fromEntries(CHOICES.map((area) => [area, chosenIn(area)])),
      system: find("system_card") && words(find("system_card")),
      numbers: each(NUMBERS, (input) => Number(input.getAttribute("aria-valuenow") ?? input.value)),
      switches: each(SWITCHES, (button) => button.getAttribute("aria-checked") === "true"),
      stops: findAll("stop_remove").length,
      temporary: find("temporary_indicator") !== null,
      prompt: (find("prompt") || { value: "" }).value.length,
      chips: chipCount(),
      turns: turnCount(),
    };
  },

  // Resolves as soon as a generation is seen to run; `turns` tells of one that was too quick for that.
  async running() {
    const running = await until(isRunning, arg.milliseconds);
    return { running: Boolean(running), turns: turnCount() };
  },
};
return steps[arg.step]();
