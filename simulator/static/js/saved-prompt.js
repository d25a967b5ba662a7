/** A saved chat read back: the Prompt message as turns, title and the settings it was run with. */

export function readPrompt(prompt) {
  const settings = prompt?.[3] ?? [];
  return {
    title: prompt?.[4]?.[0] ?? null,
    model: settings[2] ?? null,
    system: prompt?.[12]?.[0] ?? '',
    settings: clean({
      temperature: settings[0],
      stops: settings[1],
      topP: settings[4],
      maxOutputTokens: settings[6],
    }),
    turns: joined(prompt?.[13]?.[0] ?? []),
  };
}

function clean(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}

/** A saved thought turn belongs to the answer that follows it. */
function joined(messages) {
  const turns = [];
  let thoughts = [];
  for (const message of messages) {
    const parts = message[29] ?? [[null, message[0] ?? '']];
    if (message[19]) {
      thoughts = parts;
      continue;
    }
    turns.push({ role: message[8] ?? 'user', parts: [...thoughts, ...parts], finishReason: message[16] ?? null });
    thoughts = [];
  }
  return turns;
}
