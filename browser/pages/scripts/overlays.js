// Closes what may lie over the page: first-run notices, surveys, leftover menus. Returns {left, covering}: how many
// dialogs or backdrops are still there, and whether one of them takes what is meant for the prompt or Run.
await dismissNotices(700);
for (let round = 0; round < 3 && (find("backdrop") || find("dialog")); round += 1) {
  escape();
  await until(() => !find("backdrop") && !find("dialog"), 500);
}
const left = [...findAll("dialog"), ...findAll("backdrop")].filter(isVisible);
const takesFrom = (element) => {
  const { x, y } = centre(element);
  const top = document.elementFromPoint(x, y);
  return left.some((one) => one.contains(top));
};
const covering = left.length > 0 && [find("prompt"), runButton()].some((element) => element && takesFrom(element));
return { left: left.length, covering, winners };
