// The AI SDK. Usage: node ai-sdk.mjs BASE_URL MODEL PROMISE; prints one line of JSON.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const [baseURL, name, promise] = process.argv.slice(2);
const provider = createOpenAICompatible({
  name: 'gateway', baseURL, apiKey: 'unused', includeUsage: true, supportsStructuredOutputs: true,
});
const model = provider(name);
const invoice = z.object({ customer: z.string(), lines: z.array(z.string()), total: z.int().min(1) });
const tools = {
  get_weather: tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `21 degrees in ${city}`,
  }),
};
const calling = {
  model, tools, maxRetries: 0, stopWhen: stepCountIs(3),
  prompt: '/call get_weather {"city": "Paris"} && get_weather {"city": "Rome"}',
};

const promises = {
  async chat() {
    const { text, usage } = await generateText({ model, maxRetries: 0, prompt: '/echo hello' });
    return { text, tokens: usage.outputTokens };
  },
  async stream() {
    const result = streamText({ model, maxRetries: 0, prompt: '/chunks n=10' });
    let text = '';
    let pieces = 0;
    for await (const piece of result.textStream) { text += piece; pieces += 1; }
    return { text, pieces, tokens: (await result.usage).outputTokens };
  },
  async thoughts() {
    const result = streamText({ model, maxRetries: 0, prompt: '/think deep | done' });
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
    const result = await generateText({
      model, maxRetries: 0, prompt: '/fill', output: Output.object({ schema: invoice }),
    });
    return { object: result.output };
  },
};

console.log(JSON.stringify(await promises[promise]()));
