// What the AI SDK is held to with any provider.
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const invoice = z.object({ customer: z.string(), lines: z.array(z.string()), total: z.int().min(1) });
const tools = {
  get_weather: tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `21 degrees in ${city}`,
  }),
};

// `system` and `thinking` are options of the calls that need them.
export const promisesOf = (model, { system, thinking } = {}) => {
  const once = { model, maxRetries: 0 };
  const calling = {
    ...once, tools, stopWhen: stepCountIs(3),
    prompt: '/call get_weather {"city": "Paris"} && get_weather {"city": "Rome"}',
  };
  return {
    async chat() {
      const { text, usage } = await generateText({ ...once, system, prompt: '/echo hello' });
      return { text, tokens: usage.outputTokens };
    },
    async stream() {
      const result = streamText({ ...once, prompt: '/chunks n=10' });
      let text = '';
      let pieces = 0;
      for await (const piece of result.textStream) { text += piece; pieces += 1; }
      return { text, pieces, tokens: (await result.usage).outputTokens };
    },
    async thoughts() {
      const result = streamText({ ...once, prompt: '/think deep | done', providerOptions: thinking });
      return { text: await result.text, reasoning: await result.reasoningText };
    },
    async tools() {
      const { text, steps } = await generateText(calling);
      return { text, steps: steps.length };
    },
    async toolsStreamed() {
      const result = streamText(calling);
      return { text: await result.text, steps: (await result.steps).length };
    },
    async schema() {
      const result = await generateText({ ...once, prompt: '/fill', output: Output.object({ schema: invoice }) });
      return { object: result.output };
    },
  };
};
