/** The model list: rows of ListModels read into plain objects. */

const LEVEL_NAMES = { 1: 'Low', 2: 'Medium', 3: 'High', 4: 'Minimal' };
const LEVEL_ORDER = [4, 1, 2, 3];

/**
 * Thinking control of a model, from row slot 71
 * `[defaultBudget, maxBudget, minBudget, canDisable, offByDefault, defaultLevel, [levels]]`.
 * kind is 'level', 'budget' or 'none'.
 */
function thinkingOf(caps) {
  if (!Array.isArray(caps)) return { kind: 'none' };
  const [budget, max, min, canDisable, offByDefault, level, levels] = caps;
  if (Array.isArray(levels) && levels.length > 0) {
    const offered = LEVEL_ORDER.filter((item) => levels.includes(item));
    return { kind: 'level', level: level ?? offered.at(-1), levels: offered };
  }
  if (!Number.isInteger(max)) return { kind: 'none' };
  return {
    kind: 'budget',
    budget,
    max,
    min: min ?? 0,
    canDisable: Boolean(canDisable),
    off: Boolean(offByDefault),
  };
}

/** Sizes that an image model offers, from row slot 76; the smallest is a speciality of one family. */
function sizesOf(id, row) {
  if (!row[76]) return [];
  return [...(id.startsWith('gemini-3.1-flash-image') ? ['512'] : []), '1K', '2K', '4K'];
}

export function levelName(level) {
  return LEVEL_NAMES[level] ?? `Level ${level}`;
}

/** Which switches of the Tools section the model has. */
function toolsOf(id, kind) {
  if (kind === 'audio') return [];
  if (kind === 'image') return ['search'];
  if (id.startsWith('gemini-2.0')) return ['structured', 'code', 'functions'];
  return ['structured', 'code', 'functions', 'search', 'maps', 'url'];
}

function kindOf(id, methods) {
  if (methods.includes('bidiGenerateContent')) return 'live';
  if (methods.includes('predictLongRunning')) return 'video';
  if (methods.includes('predict') || /-image\b/.test(id)) return 'image';
  return /-tts\b|-audio\b/.test(id) ? 'audio' : 'text';
}

function readRow(row) {
  const id = row[0].replace(/^models\//, '');
  const methods = row[7] ?? [];
  const kind = kindOf(id, methods);
  const about = row[38] ?? [];
  return {
    id,
    name: row[0],
    title: row[3] ?? id,
    description: about[9] ?? row[4] ?? '',
    subtitle: about[14] ?? null,
    inputLimit: row[5] ?? 0,
    outputLimit: row[6] ?? 8192,
    chat: methods.includes('generateContent'),
    temperature: row[8] ?? 1,
    topP: row[9] ?? 0.95,
    topK: row[10] ?? 64,
    kind,
    makesPictures: Boolean(row[75]),
    sizes: sizesOf(id, row),
    family: id.startsWith('gemma') ? 'Gemma' : id.startsWith('gemini') ? 'Gemini' : 'Other',
    thinking: thinkingOf(row[71]),
    fresh: (row[74] ?? []).includes(10),
    featured: (row[74] ?? []).includes(11),
    paid: row[77] === 2,
    tools: toolsOf(id, kind),
    prices: pricesOf(about[0]),
  };
}

/** "Input $0.30 · Output $2.50" of the first price tier, or null. */
function pricesOf(prices) {
  if (!Array.isArray(prices)) return null;
  const [input, output] = prices.map((side) => side?.flat?.()[0]?.[2]);
  const parts = [input && `Input: $${input}`, output && `Output: $${output}`].filter(Boolean);
  return parts.length > 0 ? parts.join(' · ') : null;
}

export class Catalogue {
  constructor() {
    this.models = [];
  }

  load(response) {
    const rows = Array.isArray(response?.[0]) ? response[0] : [];
    this.models = rows.filter((row) => typeof row?.[0] === 'string').map(readRow);
  }

  /** By id, with or without the `models/` prefix; only models that this page can chat with. */
  find(id) {
    const wanted = String(id ?? '').replace(/^models\//, '');
    return this.models.find((model) => model.id === wanted && model.chat) ?? null;
  }

  first() {
    return this.models.find((model) => model.chat && model.kind === 'text') ?? null;
  }

  /** Rows of one category of the picker. */
  category(name) {
    const tests = {
      All: () => true,
      Featured: (model) => model.featured || model.fresh,
      Gemini: (model) => model.family === 'Gemini',
      Images: (model) => model.kind === 'image',
      Video: (model) => model.kind === 'video',
      Audio: (model) => model.kind === 'audio',
      Live: (model) => model.kind === 'live',
      Gemma: (model) => model.family === 'Gemma',
    };
    return this.models.filter(tests[name] ?? tests.All);
  }
}

export const CATEGORIES = ['Featured', 'All', 'Gemini', 'Images', 'Video', 'Audio', 'Live', 'Gemma'];
