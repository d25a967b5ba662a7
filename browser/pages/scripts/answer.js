// arg: {shown: turns before Run, wait: milliseconds, running: whether it is enough that the page runs}
// Waits until the page shows something of the answer, or that it runs no more. Returns {answered}.
const isAnswered = () => {
  const turns = modelTurns(arg.shown);
  return turns.length > 0 && (turns.some(showsSomething) || !isRunning());
};
const hasBegun = () => arg.running && findAll("turn").length > arg.shown && isRunning();
return { answered: Boolean(await until(() => hasBegun() || isAnswered(), arg.wait)), winners };
