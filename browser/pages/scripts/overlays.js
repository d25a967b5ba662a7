// Closes what may lie over the page: first-run notices, surveys, leftover menus. Returns {left}: how many
// dialogs or backdrops are still there.
await dismissNotices(700);
for (let round = 0; round < 3 && (find("backdrop") || find("dialog")); round += 1) {
  escape();
  await until(() => !find("backdrop") && !find("dialog"), 500);
}
return { left: findAll("dialog").filter(isVisible).length + findAll("backdrop").filter(isVisible).length, winners };
