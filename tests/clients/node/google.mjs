// Google's own Node client. Usage: node google.mjs BASE_URL MODEL PROMISE; prints one line of JSON.
import {
  ApiError, createPartFromBase64, createPartFromUri, FunctionCallingConfigMode, GoogleGenAI, Type,
} from '@google/genai';

const [address, model, promise] = process.argv.slice(2);
const baseUrl = address.replace(/\/v1$/, '');
const client = new GoogleGenAI({ apiKey: 'unused', httpOptions: { baseUrl, timeout: 40_000 } });
const ask = (contents, config) => client.models.generateContent({ model, contents, config });
const declaration = {
  name: 'get_weather',
  description: 'The weather in a city',
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ['city'] },
};
const invoice = {
  type: Type.OBJECT,
  properties: {
    customer: { type: Type.STRING },
    lines: { type: Type.ARRAY, items: { type: Type.STRING } },
    total: { type: Type.INTEGER, minimum: 1 },
  },
  required: ['customer', 'lines', 'total'],
};

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const failure = async (attempt) => {
  try {
    await attempt();
  } catch (error) {
    return { api: error instanceof ApiError, status: error.status, message: error.message };
  }
  return {};
};

const promises = {
  async chat() {
    const done = await ask('/echo hello', { systemInstruction: 'Be brief.' });
    return { text: done.text, tokens: done.usageMetadata.candidatesTokenCount };
  },
  async stream() {
    const stream = await client.models.generateContentStream({ model, contents: '/chunks n=10' });
    let text = '';
    let pieces = 0;
    for await (const chunk of stream) {
      text += chunk.text ?? '';
      pieces += 1;
    }
    return { text, pieces };
  },
  async tools() {
    const config = {
      tools: [{ functionDeclarations: [declaration] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
    };
    const chat = client.chats.create({ model, config });
    const asked = await chat.sendMessage({
      message: '/call get_weather {"city": "Paris"} && get_weather {"city": "Rome"}',
    });
    const message = asked.functionCalls.map(({ id, name, args }) => ({
      functionResponse: { id, name, response: { output: `21 degrees in ${args.city}` } },
    }));
    const done = await chat.sendMessage({ message });
    return { text: done.text };
  },
  async schema() {
    const done = await ask('/fill', { responseMimeType: 'application/json', responseSchema: invoice });
    return { object: JSON.parse(done.text) };
  },
  async thoughts() {
    const done = await ask('/think deep | done', { thinkingConfig: { includeThoughts: true } });
    const thoughts = done.candidates[0].content.parts.filter((part) => part.thought);
    return { text: done.text, reasoning: thoughts.map((part) => part.text).join('') };
  },
  async history() {
    const chat = client.chats.create({ model });
    await chat.sendMessage({ message: '/echo first' });
    return { text: (await chat.sendMessage({ message: '/echo second' })).text };
  },
  async files() {
    const blob = new Blob(['What stands in the file.'], { type: 'text/plain' });
    const file = await client.files.upload({ file: blob, config: { displayName: 'note.txt' } });
    const done = await ask([
      createPartFromUri(file.uri, file.mimeType), createPartFromBase64(PIXEL, 'image/png'), '/echo both',
    ]);
    await client.files.delete({ name: file.name });
    return { text: done.text };
  },
  async count() {
    return { tokens: (await client.models.countTokens({ model, contents: 'hello there' })).totalTokens };
  },
  async picture() {
    const config = { responseModalities: ['TEXT', 'IMAGE'], imageConfig: { aspectRatio: '16:9', imageSize: '2K' } };
    const done = await client.models.generateContent({ model: 'gemini-3.1-flash-image', contents: 'a cat', config });
    return { text: done.text, data: done.data };
  },
  refusal: () => failure(() => ask('hi', { temperature: 3 })),
  unknownModel: () => failure(() => client.models.generateContent({ model: 'gemini-99', contents: 'hi' })),
  quota: () => failure(() => ask('/fail 429')),
  embeddings: () => failure(() => client.models.embedContent({ model: 'gemini-embedding-001', contents: 'hi' })),
};

console.log(JSON.stringify(await promises[promise]()));
