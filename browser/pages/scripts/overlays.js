// Closes what may lie over the page: first-run notices, surveys, leftover menus. Returns {left}: how many
// dialogs or backdrops are still there.
for (const survey of findAll("remove")) survey.remove();
for (let round = 0; round < 5; round += 1) {
  const closer = find("dismiss");
  if (!closer) break;
  closer.click();
  await until(() => find("dismiss") !== closer && !find("backdrop"), 700);
}
for (let round = 0; round < 3 && (find("backdrop") || find("dialog")); round += 1) {
  escape();
  await until(() => !find("backdrop") && !find("dialog"), 500);
}
return { left: findAll("dialog").filter(isVisible).length + findAll("backdrop").filter(isVisible).length, winners };
