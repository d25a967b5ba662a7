/**
 * Mutations: single facts of the page that are most likely to change, changed. By name, from `page.mutations`.
 *
 * RENAMED are tags; MARKS take identifying attributes, classes and words off elements, whenever those appear or
 * are written again; whatever else a mutation means is asked for by its name where it belongs.
 */

/** Mutation -> {tag as it is known: tag as it is now}. */
const RENAMED = {
  run_button_anonymous: { 'ms-run-button': 'ms-send' },
  prompt_box_renamed: { 'ms-prompt-box': 'ms-composer' },
  model_rows_unmarked: { 'ms-model-carousel-row': 'ms-model-option' },
  turns_renamed: { 'ms-chat-turn': 'ms-message' },
  thinking_level_reworded: { 'ms-thinking-level-setting': 'ms-reasoning' },
  tools_unmarked: { 'ms-browse-as-a-tool': 'div' },
  tools_reworded: { 'ms-browse-as-a-tool': 'div' },
};

const without = (...names) => (node) => names.forEach((name) => node.removeAttribute(name));
const unclassed = (...names) => (node) => node.classList.remove(...names);
const labelled = (label) => (node) => node.getAttribute('aria-label') !== label && node.setAttribute('aria-label', label);
const typed = (type) => (node) => node.getAttribute('type') !== type && node.setAttribute('type', type);

const TOOL_CLASSES = ['search', 'browse'].map((name) => `${name}-as-a-tool-toggle`).concat(
  ['code-execution', 'function-calling', 'structured-output', 'google-maps'].map((name) => `${name}-toggle`),
);
const NO_TOOL_MARKS = [
  ['.settings-item[data-test-id$="Tooltip"]', without('data-test-id', 'mattooltip')],
  [TOOL_CLASSES.map((name) => `.${name}`).join(), unclassed(...TOOL_CLASSES)],
  ['.settings-item button[role="switch"][aria-label="Browse the url context"]', without('aria-label')],
];

/** Mutation -> [selector, what is done to each element that it selects]. */
const MARKS = {
  run_button_anonymous: [
    ['ms-send button[type="submit"]', typed('button')],
    ['ms-send .ctrl-enter-submits', unclassed('ctrl-enter-submits')],
    ['.run-button-label', unclassed('run-button-label')],
  ],
  stop_unmarked: [
    ['.stoppable', unclassed('stoppable')],
    ['.stoppable-spinner, .stoppable-stop', without('class')],
  ],
  stop_wordless: [
    ['.stoppable', unclassed('stoppable')],
    ['.stoppable-spinner, .stoppable-stop', without('class')],
  ],
  prompt_field_unnamed: [
    ['textarea[formcontrolname]', without('formcontrolname', 'placeholder')],
    ['textarea[aria-label="Enter a prompt"]', labelled('Message')],
  ],
  number_fields_untyped: [
    [
      '.slider-number-input, input[role="spinbutton"], ms-slider input[aria-valuenow]',
      (node) => {
        for (const { name } of [...node.attributes]) if (/^(role|inputmode|aria-|class$)/.test(name)) node.removeAttribute(name);
      },
    ],
    ['ms-slider [aria-label]', without('aria-label')],
    ['[data-test-id="temperatureSliderContainer"], [mattooltip^="Probability"]', without('data-test-id', 'mattooltip')],
  ],
  number_ranges_alike: [
    ['.slider-number-input[aria-valuemax="2"]', (node) => node.setAttribute('aria-valuemax', '1')],
    ['[mattooltip^="Probability"]', without('mattooltip')],
    ['ms-slider [aria-label="Top P"]', without('aria-label')],
    ['ms-slider[title^="Top P"]', without('title')],
  ],
  model_rows_unmarked: [
    ['[id^="model-carousel-row-"]', without('id')],
    ['ms-model-option .content-button', unclassed('content-button')],
  ],
  temporary_in_toolbar: [['ms-incognito-mode-indicator, .incognito-container', (node) => node.remove()]],
  temporary_unmarked: [['ms-incognito-mode-indicator, .incognito-container', (node) => node.remove()]],
  media_menu_reworded: [
    ['ms-add-media-button button', (node) => { without('data-test', 'data-test-id')(node); labelled('Add to prompt')(node); }],
    ['.upload-file-menu-item', (node) => { unclassed('upload-file-menu-item')(node); labelled('From this device')(node); }],
  ],
  answer_marks_gone: [
    ['.turn-footer', unclassed('turn-footer')],
    ['[aria-label$=" response"]', without('aria-label', 'iconname')],
  ],
  turns_renamed: [['ms-message[id^="turn-"]', (node) => node.setAttribute('id', node.id.replace('turn-', 'message-'))]],
  copy_reworded: [['.copy-markdown-button', unclassed('copy-markdown-button')]],
  thinking_level_reworded: [['mat-select[aria-label^="Thinking"]', labelled('Reasoning effort')]],
  tools_unmarked: NO_TOOL_MARKS,
  tools_reworded: NO_TOOL_MARKS,
};

/** Mutation -> {words of the page: what it says now}. */
const REWORDED = {
  number_ranges_alike: { 'Top P': 'Nucleus sampling' },
  media_menu_reworded: { 'Upload files': 'From this device', 'Upload a file': 'From this device' },
  discard_reworded: { 'Discard and continue': 'Leave this chat' },
  copy_reworded: { 'Copy as Markdown': 'Copy source', markdown_copy: 'source_copy' },
  thinking_level_reworded: { 'Thinking level': 'Reasoning effort', 'Thinking Level': 'Reasoning effort' },
  tools_reworded: {
    'Grounding with Google Search': 'Web results',
    'Code execution': 'Interpreter',
    'Function calling': 'Actions',
    'URL context': 'Pages',
    'Grounding with Google Maps': 'Places',
    'Structured outputs': 'Answer format',
    'Structured output': 'Answer format',
  },
};

const active = { names: new Set(), tags: {}, words: {}, marks: [] };

/** Take the names on, before anything of the page is made. */
export function install(names) {
  active.names = new Set(names);
  for (const name of names) {
    Object.assign(active.tags, RENAMED[name]);
    Object.assign(active.words, REWORDED[name]);
    active.marks.push(...(MARKS[name] ?? []));
  }
  if (active.marks.length === 0) return;
  new MutationObserver(apply).observe(document, { subtree: true, childList: true, attributes: true });
}

/** Each rule ends what it selects by, so that this comes to rest. */
function apply() {
  for (const [css, change] of active.marks) document.querySelectorAll(css).forEach(change);
}

export const mutated = (name) => active.names.has(name);

/** A tag as the page writes it now. */
export const tagNow = (tag) => active.tags[tag] ?? tag;

/** Words as the page says them now. */
export const wordsNow = (text) => active.words[text] ?? text;
