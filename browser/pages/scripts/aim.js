// arg: {clear: bool}
// Looks whether a click at Run's centre would reach it. With `clear`, takes away what may lie over it
// first: tooltips let the mouse through from now on, surveys go, notices, menus and dialogs close.
// Returns {point, covered, running, enabled}.
const button = runButton();
if (!button) return { missing: "run", winners };
if (arg.clear) {
  letMouseThroughTooltips();
  await dismissNotices(500);
  if (find("backdrop")) { escape(); await until(() => !find("backdrop"), 500); }
}
const point = centre(button);
return {
  point,
  covered: coveredBy(button, point.x, point.y),
  running: isRunning(),
  enabled: !isDisabled(button),
  winners,
};
