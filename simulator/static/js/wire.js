/**
 * Positional messages: requests of this page out of plain values, and answers into plain values.
 * Index = field number - 1; trailing nulls are cut off.
 */

const TYPES = { string: 1, number: 2, integer: 3, boolean: 4, array: 5, object: 6, null: 7 };

/** Cut trailing nulls. */
function trim(list) {
  const copy = list.map((item) => (item === undefined ? null : item));
  while (copy.length > 0 && copy.at(-1) === null) copy.pop();
  return copy;
}

/** A list with values at the given positions. */
function slots(values) {
  const size = Math.max(...Object.keys(values).map(Number)) + 1;
  return trim(Array.from({ length: size }, (_, index) => values[index] ?? null));
}

/** JSON Schema (OpenAPI flavour) to the positional Schema, with propertyOrdering at 22. */
export function schemaMessage(schema) {
  const names = schema.properties ? Object.keys(schema.properties) : null;
  return slots({
    0: TYPES[String(schema.type ?? 'object').toLowerCase()] ?? 1,
    1: schema.format,
    2: schema.description,
    3: schema.nullable ? 1 : null,
    4: schema.enum,
    5: schema.items ? schemaMessage(schema.items) : null,
    6: names?.map((name) => [name, schemaMessage(schema.properties[name])]),
    7: schema.required?.length ? schema.required : null,
    10: schema.minimum,
    11: schema.maximum,
    14: schema.pattern,
    17: schema.anyOf?.map(schemaMessage),
    22: schema.propertyOrdering ?? names,
  });
}

function declarationMessage(declaration) {
  const parameters = declaration.parameters ? schemaMessage(declaration.parameters) : null;
  const response = declaration.response ? schemaMessage(declaration.response) : null;
  return trim([declaration.name, declaration.description ?? '', parameters, response]);
}

/** Tools of the request, or null when none is on. */
export function toolsMessage(run) {
  const tools = [];
  if (run.active('code')) tools.push([[]]);
  if (run.active('functions') && run.declarations.length > 0) {
    tools.push([null, run.declarations.map(declarationMessage)]);
  }
  if (run.active('search')) tools.push([null, null, null, [null, [[]]]]);
  if (run.active('url')) tools.push(slots({ 7: [] }));
  if (run.active('maps')) tools.push(slots({ 10: [] }));
  return tools.length > 0 ? tools : null;
}

function thinkingMessage(run) {
  const { kind } = run.model.thinking;
  if (kind === 'level') return [1, null, null, run.level];
  if (kind === 'none') return null;
  if (!run.thinkingOn) return [0, 0];
  return [1, run.manualBudget ? run.budget : -1];
}

const RESOLUTIONS = { Low: 1, Medium: 2, High: 3 };

function picturesMessage({ model, ratio, size }) {
  if (!model.makesPictures) return null;
  const message = trim([ratio === 'Auto' ? null : ratio, model.sizes.length > 0 ? size : null]);
  return message.length > 0 ? message : null;
}

function configMessage(run) {
  const { kind } = run.model;
  const structured = run.active('structured') && run.schema;
  const plain = kind === 'text';
  return slots({
    1: run.stops.length > 0 ? run.stops : null,
    3: run.maxOutputTokens,
    4: run.temperature,
    5: run.topP,
    6: run.topK,
    7: run.active('structured') ? 'application/json' : plain ? 'text/plain' : null,
    8: structured ? schemaMessage(run.schema) : null,
    14: { image: [2, 1], audio: [3] }[kind],
    15: kind === 'audio' ? [[['Zephyr']]] : null,
    16: thinkingMessage(run),
    17: RESOLUTIONS[run.resolution],
    26: picturesMessage(run),
  });
}

function safetyMessage(run) {
  if (run.model.kind !== 'text') return null;
  return Object.entries(run.safety).map(([category, threshold]) => [null, null, Number(category), threshold]);
}

export function systemMessage(run) {
  return run.system.trim() === '' ? null : [[[null, run.system]], 'user'];
}

/** Contents of a conversation: thoughts and failed turns are never sent. */
export function contentsMessage(turns) {
  return turns
    .map((turn) => [turn.parts.filter((part) => part[12] !== 1 && part[12] !== true), turn.role])
    .filter(([parts]) => parts.length > 0);
}

/** Body of GenerateContent. */
export function generateMessage({ run, turns, token, previousId }) {
  const tools = toolsMessage(run);
  return slots({
    0: run.model.name,
    1: contentsMessage(turns),
    2: safetyMessage(run),
    3: configMessage(run),
    4: token,
    5: systemMessage(run),
    6: tools,
    10: 1,
    11: previousId,
    13: tools ? [[null, null, Intl.DateTimeFormat().resolvedOptions().timeZone], null, 1] : null,
  });
}

/** Body of CountTokens; the wrapped form as soon as there is more than text. */
export function countMessage({ run, turns, hasMedia }) {
  const contents = contentsMessage(turns);
  const system = systemMessage(run);
  const tools = toolsMessage(run);
  if (!system && !tools && !hasMedia) return [run.model.name, contents];
  return [run.model.name, null, trim([run.model.name, contents, null, null, null, system, tools])];
}

/** Prompt message for autosave: run settings, metadata, system instruction, turns. */
export function promptMessage({ id, title, run, turns }) {
  return slots({
    0: id ? `prompts/${id}` : null,
    3: runSettingsMessage(run),
    4: slots({
      0: title,
      11: [
        ['promptType', 'CHUNKED_PROMPT'],
        ['hasImages', 'false'],
        ['version', '1'],
      ],
    }),
    12: run.system ? [run.system] : [],
    13: [turns.flatMap(turnMessages), []],
  });
}

function runSettingsMessage(run) {
  return slots({
    0: run.temperature,
    1: run.stops.length > 0 ? run.stops : null,
    2: run.model.name,
    4: run.topP,
    5: run.topK,
    6: run.maxOutputTokens,
    7: Object.entries(run.safety).map(([category, threshold]) => [null, null, Number(category), threshold]),
    9: run.active('code') ? 1 : 0,
    14: run.active('search') ? 1 : 0,
    17: run.active('url') ? 1 : 0,
    24: run.manualBudget ? run.budget : -1,
    25: run.active('search') ? [] : null,
    28: run.level,
    31: run.active('maps') ? 1 : null,
  });
}

/** A thought and its answer are saved as two turns. */
function turnMessages(turn) {
  const thoughts = turn.parts.filter((part) => part[12]);
  const answer = turn.parts.filter((part) => !part[12]);
  const messages = [];
  if (thoughts.length > 0) messages.push(turnMessage(turn, thoughts, true));
  messages.push(turnMessage(turn, answer, false));
  return messages;
}

function turnMessage(turn, parts, thought) {
  const finish = turn.role === 'model' && !thought ? (turn.finishReason ?? 1) : null;
  return slots({
    0: textOf(parts),
    8: turn.role,
    16: finish,
    18: turn.tokens,
    19: thought ? 1 : null,
    28: '',
    29: parts,
    32: [String(Math.floor(turn.created / 1000)), 0],
    35: null,
  });
}

export function textOf(parts) {
  return parts.map((part) => (typeof part[1] === 'string' ? part[1] : '')).join('');
}

/** An event of the stream as `{parts, finishReason, blocked, usage, responseId}`. */
export function readEvent(event) {
  const candidate = event[0]?.[0] ?? null;
  const content = candidate?.[0]?.[0];
  return {
    parts: Array.isArray(content) ? content : [],
    finishReason: candidate?.[1] ?? null,
    blocked: event[1]?.[0] ?? null,
    usage: event[2] ?? null,
    responseId: event[7] ?? null,
  };
}

/** A protobuf Struct as a plain object; a Value as a plain value. */
export function readStruct(struct) {
  return Object.fromEntries((struct?.[0] ?? []).map(([key, value]) => [key, readValue(value)]));
}

function readValue(value) {
  if (!Array.isArray(value)) return value ?? null;
  const slot = value.findIndex((item) => item !== null);
  if (slot <= 0) return null;
  if (slot === 3) return Boolean(value[3]);
  if (slot === 4) return readStruct(value[4]);
  if (slot === 5) return (value[5][0] ?? []).map(readValue);
  return value[slot];
}
