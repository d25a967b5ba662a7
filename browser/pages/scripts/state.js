// arg: {wait: milliseconds, optional}
// What the page shows: right now, or as soon as it can be used or asks to sign in. Changes nothing.
const isReady = () => find("editor") !== null && find("prompt") !== null && modelId() !== "";
const promptText = () => (find("prompt") || { value: "" }).value;
if (arg.wait) await until(() => isReady() || (find("prompt") === null && find("sign_in")), arg.wait);
return {
  url: location.href,
  ready: isReady(),
  signed_out: find("prompt") === null && find("sign_in") !== null,
  model: modelId(),
  running: isRunning(),
  run_hovered: Boolean(runButton()?.matches(":hover")),
  turns: turnCount(),
  prompt_length: promptText().length,
  prompt_digest: digestOf(promptText()),
  chips: chipCount(),
  dialogs: findAll("dialog").filter(isVisible).length + findAll("backdrop").filter(isVisible).length,
  dialog: find("dialog") ? phrases(find("dialog")).join(" ").slice(0, 80) : "",
  notices: findAny("dismiss").length,
  absent: ["editor", "prompt", "model_card"].filter((area) => find(area) === null),
  temporary: find("temporary_indicator") !== null,
  system_preview: find("system_card") && words(find("system_card")),
  notice: lastNotice(),
};
