// arg: {milliseconds}
// The wire is ahead of the page: wait until it has noticed the end of its answer. Returns {running}.
await until(() => !isRunning(), arg.milliseconds);
return { running: isRunning(), winners };
