// arg: {text, milliseconds}
// Sets the system instruction in its side sheet and leaves the sheet only when the page says it is saved.
// Returns {text, saved, preview, closed}: `saved` is false when the sheet shows no state to go by.
const NOTICE_MS = 600; // a page that saves a moment after the last key has begun to by then
const card = find("system_card");
if (!card) return { missing: "system_card", winners };
const wanted = arg.text.replace(/\r\n?/g, "\n");
let box = find("system_text");
if (!box) {
  card.click();
  box = await until(() => find("system_text"), arg.milliseconds);
}
if (!box) return { missing: "system_text", winners };
const isSaved = () => { const status = find("system_status"); return status !== null && /\bsaved\b/i.test(words(status)); };
let saved = true;
if (box.value !== wanted) {
  const before = isSaved(); // of what was there: a page may say so for a moment longer
  setValue(box, wanted, "change");
  if (before) await until(() => !isSaved(), NOTICE_MS);
  saved = await until(isSaved, arg.milliseconds);
}
const text = (find("system_text") || box).value;
const close = find("sheet_close");
if (close) close.click(); else escape();
await until(() => !find("system_text") && !find("backdrop"), arg.milliseconds);
const subtitle = card.isConnected ? card : find("system_card");
return { text, saved, preview: subtitle ? words(subtitle) : "", closed: !find("system_text"), winners };
