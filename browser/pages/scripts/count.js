// arg: {total, milliseconds}
// Waits until the page's own token counter shows a number. Returns {shown}; false also without a counter.
const shows = () => { const counter = find("token_count"); return counter && words(counter).replace(/\D/g, "") === String(arg.total); };
return { shown: Boolean(await until(shows, arg.milliseconds)), winners };
