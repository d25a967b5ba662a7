// arg: {clear: bool}
// Looks whether a click at Run's centre would reach it, and whether the mouse is over Run. With `clear`, takes
// away what may lie over it first: tooltips let the mouse through, surveys go, menus and dialogs close.
// Returns {point, covered, under_mouse, running, enabled}.
const button = runButton();
if (!button) return { missing: "run", winners };
if (arg.clear) {
  for (const tooltip of findAll("tooltip")) tooltip.style.pointerEvents = "none";
  for (const survey of findAll("remove")) survey.remove();
  for (const candidate of SELECTORS.dismiss) {
    const closer = find("dismiss");
    if (!closer) break;
    closer.click();
    await until(() => find("dismiss") !== closer, 500);
  }
  if (find("backdrop")) { escape(); await until(() => !find("backdrop"), 500); }
}
const point = centre(button);
return {
  point,
  covered: coveredBy(button, point.x, point.y),
  under_mouse: button.matches(":hover"),
  running: isRunning(),
  enabled: !isDisabled(button),
  winners,
};
