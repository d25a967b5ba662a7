// arg: {milliseconds}
// Ends a running generation. State and click happen in one task, so that the button cannot have become Run
// in between. Returns {stopped}.
if (isRunning()) {
  (find("separate_stop") || findRun()).click(); // beside a stop button of its own, Run would run
  await until(() => !isRunning(), arg.milliseconds);
}
return { stopped: !isRunning(), winners };
