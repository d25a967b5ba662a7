// arg: {model, shown: [name], milliseconds, rows_milliseconds}
// Chooses a model in the picker and waits until the card says so, by any of the names that it may have there.
// Returns {model, offered}.
const isShown = () => arg.shown.includes(modelId());
if (isShown()) return { model: arg.model, winners };
const rowId = `model-carousel-row-models/${arg.model}`;
const row = () => document.getElementById(rowId)
  || findAll("model_row").find((button) => phrases(button).includes(arg.model));
const card = find("model_card");
if (!card) return { missing: "model_card", winners };
card.click();
const sheet = await until(() => find("model_sheet"), arg.milliseconds);
if (!sheet) return { missing: "model_sheet", model: modelId(), winners };
await until(() => findAll("model_row").length > 0, arg.rows_milliseconds);
const all = find("model_category_all");
if (!row() && all) {
  all.click();
  await until(row, arg.rows_milliseconds / 2);
}
// Long lists render only what is scrolled to.
const scroller = findAll("model_row").map((button) => button.closest(".model-options-container"))[0];
for (let at = 0; !row() && scroller && at < scroller.scrollHeight; at += scroller.clientHeight || 400) {
  scroller.scrollTop = at;
  await until(row, 150);
}
const offered = row();
if (offered) {
  offered.click();
  await until(() => isShown() && !find("model_sheet"), arg.milliseconds);
} else {
  const close = find("sheet_close");
  if (close) close.click(); else escape();
  await until(() => !find("model_sheet"), arg.milliseconds);
}
return { model: modelId(), offered: Boolean(offered), winners };
