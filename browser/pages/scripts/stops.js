// arg: {wanted: [text], expect: text | null, blur: bool, milliseconds}
// Waits until `expect` is a chip, removes what is not wanted, then puts the next missing one into the input,
// focused, so that one real Enter commits it. With `blur`, commits by leaving the input, as some builds do.
// Returns {chips: [text], adding: text | null, has_input}.
const chips = () => findAll("stop_remove").map((b) => b.getAttribute("aria-label").slice("Remove ".length));

const input = find("stop_input");
if (arg.blur && input) {
  input.dispatchEvent(new Event("change", { bubbles: true }));
  input.blur();
}
if (arg.expect !== null) await until(() => chips().includes(arg.expect), arg.milliseconds);
for (const extra of chips().filter((chip) => !arg.wanted.includes(chip))) {
  const button = findAll("stop_remove").find((b) => b.getAttribute("aria-label") === `Remove ${extra}`);
  if (button) button.click();
  await until(() => !chips().includes(extra), arg.milliseconds);
}
const present = chips();
const expected = arg.expect === null || present.includes(arg.expect);
const adding = (expected && arg.wanted.find((text) => !present.includes(text))) || null;
const field = find("stop_input");
if (adding !== null && field) {
  field.focus();
  setValue(field, adding);
}
return { chips: present, adding, has_input: field !== null, winners };
