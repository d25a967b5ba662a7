// The AI SDK. Usage: node ai-sdk.mjs BASE_URL MODEL PROMISE; prints one line of JSON.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { promisesOf } from './ai-sdk-promises.mjs';

const [baseURL, name, promise] = process.argv.slice(2);
const provider = createOpenAICompatible({
  name: 'gateway', baseURL, apiKey: 'unused', includeUsage: true, supportsStructuredOutputs: true,
});

console.log(JSON.stringify(await promisesOf(provider(name))[promise]()));
