// arg: {text, milliseconds}
// Puts the whole text into the prompt box at once and waits until Run takes it.
// Returns {exact, enabled, point: {x, y}}; exact is false when the box holds anything else.
const box = find("prompt");
if (!box) return { missing: "prompt", winners };
box.focus();
setValue(box, arg.text);
const wanted = arg.text.replace(/\r\n?/g, "\n"); // a textarea's own line ends
if (!(await until(() => find("run"), 3000))) return { missing: "run", winners };
const button = await until(() => { const b = find("run"); return b && !isDisabled(b) ? b : null; }, arg.milliseconds);
const exact = (find("prompt") || box).value === wanted;
if (!button) return { exact, enabled: false, toast: lastToast(), winners };
button.scrollIntoView({ block: "nearest", behavior: "instant" });
return { exact, enabled: true, point: centre(button), winners };
