// arg: {point: bool, clear: bool}
// Whether a click would reach Run, told by whether Run feels the mouse: style alone, no layout. With `point`,
// also where Run is and what lies over its centre; with `clear`, what may lie over it is taken away before:
// tooltips let the mouse through from now on, surveys go, notices, menus and dialogs close.
// Returns {hovered, running, enabled, point: {x, y} | null, covered: words | null, told: [text]}.
const button = runButton();
if (!button) return { missing: "run", winners };
if (arg.clear) {
  letMouseThroughTooltips();
  await dismissNotices(500);
  if (find("backdrop")) { escape(); await until(() => !find("backdrop"), 500); }
}
const point = arg.point ? centre(button) : null;
return {
  hovered: button.matches(":hover"),
  running: isRunning(),
  enabled: !isDisabled(button),
  point,
  covered: point ? coveredBy(button, point.x, point.y) : null,
  told: notices().map(({ text }) => text),
  winners,
};
