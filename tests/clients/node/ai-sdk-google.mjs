// The AI SDK with Google's provider. Usage: node ai-sdk-google.mjs BASE_URL MODEL PROMISE; prints one line of JSON.
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { APICallError, embedMany, generateText } from 'ai';
import { promisesOf } from './ai-sdk-promises.mjs';

const [address, name, promise] = process.argv.slice(2);
const provider = createGoogleGenerativeAI({ baseURL: address.replace(/\/v1$/, '/v1beta'), apiKey: 'unused' });
const model = provider(name);
const ask = (options) => generateText({ model, maxRetries: 0, ...options });
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
  ...promisesOf(model, {
    system: 'Be brief.', thinking: { google: { thinkingConfig: { includeThoughts: true } } },
  }),
  async history() {
    const messages = [
      { role: 'user', content: '/echo first' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: '/echo second' },
    ];
    return { text: (await ask({ messages })).text };
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
