// arg: {shown: turns before Run, wait: milliseconds}
// Waits until the page shows something of the answer, or that it runs no more. Returns {answered}.
const isModel = (turn) => SELECTORS.model_turn.some(({ css }) => turn.querySelector(css));
const pieces = (turn) => SELECTORS.turn_piece.flatMap(({ css }) => [...turn.querySelectorAll(css)]);
const says = (piece) => words(piece).trim() !== "" || piece.querySelector("img, audio, video") !== null;
const isAnswered = () => {
  const turns = findAll("turn").slice(arg.shown).filter(isModel);
  return turns.length > 0 && (turns.some((turn) => pieces(turn).some(says)) || !isRunning());
};
return { answered: Boolean(await until(isAnswered, arg.wait)), winners };
