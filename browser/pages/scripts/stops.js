// arg: {wanted: [text], add: text | null, expect: text | null, blur: bool, milliseconds}
// Waits until `expect` is a chip, removes what is not wanted, then puts `add` into the input, focused, so that
// one real Enter commits it. With `blur`, commits by leaving the input, as some builds do.
// Returns {chips: [text], has_input}.
const chips = () => findAll("stop_remove").map((b) => b.getAttribute("aria-label").slice("Remove ".length));

if (arg.blur) {
  const input = find("stop_input");
  if (input) { input.dispatchEvent(new Event("change", { bubbles: true })); input.blur(); }
}
if (arg.expect !== null) await until(() => chips().includes(arg.expect), arg.milliseconds);
for (const extra of chips().filter((chip) => !arg.wanted.includes(chip))) {
  const button = findAll("stop_remove").find((b) => b.getAttribute("aria-label") === `Remove ${extra}`);
  if (button) button.click();
  await until(() => !chips().includes(extra), arg.milliseconds);
}
const input = find("stop_input");
if (arg.add !== null && input) {
  input.scrollIntoView({ block: "nearest" });
  input.focus();
  setValue(input, arg.add);
}
return { chips: chips(), has_input: input !== null, winners };
