// arg: {milliseconds}
// Ends a running generation. State and click happen in one task, so that the button cannot have become Run
// in between. Returns {stopped}.
if (isRunning()) {
  runButton().click();
  await until(() => !isRunning(), arg.milliseconds);
}
return { stopped: !isRunning(), winners };
