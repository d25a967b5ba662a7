// The official Node client. Usage: node openai.mjs BASE_URL MODEL PROMISE; prints one line of JSON.
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const [baseURL, model, promise] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'unused', maxRetries: 0, timeout: 40_000 });
const user = (content) => [{ role: 'user', content }];
const invoice = z.object({ customer: z.string(), lines: z.array(z.string()), total: z.int().min(1) });

const promises = {
  async chat() {
    const done = await client.chat.completions.create({ model, messages: user('/echo hello') });
    return { text: done.choices[0].message.content, tokens: done.usage.completion_tokens };
  },
  async stream() {
    const stream = client.chat.completions.stream({ model, messages: user('/chunks n=10') });
    let pieces = 0;
    stream.on('content', () => { pieces += 1; });
    return { text: await stream.finalContent(), pieces };
  },
  async tools() {
    const run = client.chat.completions.runTools({
      model,
      messages: user('/call get_weather {"city": "Paris"} && get_weather {"city": "Rome"}'),
      tools: [{
        type: 'function',
        function: {
          name: 'get_weather',
          parse: JSON.parse,
          function: ({ city }) => `21 degrees in ${city}`,
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      }],
    });
    return { text: await run.finalContent() };
  },
  async schema() {
    const done = await client.chat.completions.parse({
      model, messages: user('/fill'), response_format: zodResponseFormat(invoice, 'invoice'),
    });
    return { object: done.choices[0].message.parsed };
  },
  async refusal() {
    try {
      await client.chat.completions.create({ model, messages: user('hi'), temperature: 3 });
    } catch (error) {
      return { status: error.status, param: error.param, code: error.code };
    }
    return {};
  },
};

console.log(JSON.stringify(await promises[promise]()));
