// The AI SDK with Google's provider. Usage: node ai-sdk-google.mjs BASE_URL MODEL PROMISE; prints one line of JSON.
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const [address, name, promise] = process.argv.slice(2);
const provider = createGoogleGenerativeAI({ baseURL: address.replace(/\/v1$/, '/v1beta'), apiKey: 'unused' });
const model = provider(name);
const ask = (options) => generateText({ model, maxRetries: 0, ...options });
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
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const failure = async (options) => {
  try {
    await ask(options);
  } catch (error) {
    return { api: APICallError.isInstance(error), status: error.statusCode, message: error.message };
  }
  return {};
};

const promises = {
  async chat() {
    const { text, usage } = await ask({ system: 'Be brief.', prompt: '/echo hello' });
    return { text, tokens: usage.outputTokens };
  },
  async stream() {
    const result = streamText({ model, maxRetries: 0, prompt: '/chunks n=10' });
    let text = '';
    let pieces = 0;
    for await (const piece of result.textStream) { text += piece; pieces += 1; }
    return { text, pieces, tokens: (await result.usage).outputTokens };
  },
  async history() {
    const messages = [
      { role: 'user', content: '/echo first' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: '/echo second' },
    ];
    return { text: (await ask({ messages })).text };
  },
  async thoughts() {
    const google = { thinkingConfig: { includeThoughts: true } };
    const result = streamText({ model, maxRetries: 0, prompt: '/think deep | done', providerOptions: { google } });
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
    return { object: (await ask({ prompt: '/fill', output: Output.object({ schema: invoice }) })).output };
  },
  async image() {
    const content = [
      { type: 'text', text: '/echo seen' },
      { type: 'image', image: PIXEL, mediaType: 'image/png' },
    ];
    return { text: (await ask({ messages: [{ role: 'user', content }] })).text };
  },
  async picture() {
    const google = { responseModalities: ['TEXT', 'IMAGE'], imageConfig: { aspectRatio: '16:9' } };
    const painter = provider('gemini-3.1-flash-image');
    const { files } = await ask({ model: painter, prompt: 'a cat', providerOptions: { google } });
    return { files: files.map(({ mediaType, base64 }) => ({ mediaType, base64 })) };
  },
  refusal: () => failure({ prompt: 'hi', temperature: 3 }),
  unknownModel: () => failure({ model: provider('gemini-99'), prompt: 'hi' }),
  quota: () => failure({ prompt: '/fail 429' }),
  async embeddings() {
    const embedder = provider.embedding('gemini-embedding-001');
    const { embeddings } = await embedMany({ model: embedder, maxRetries: 0, values: ['one', 'three'] });
    return { count: embeddings.length, length: embeddings[0].length };
  },
};

console.log(JSON.stringify(await promises[promise]()));
