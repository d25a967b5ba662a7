/**
 * The page's knobs, and the two faults that concern single controls: renamed and missing.
 *
 * A control asks by its name (run_button, temperature, …) for its tag, its words and its attributes.
 * When it is renamed it stays usable by hand, but nothing that identifies it to a driver is left.
 */

const DEFAULTS = {
  era: 'E6',
  transport: 'xhr',
  animation_ms: 200,
  tick_ms: 0,
  token_count_delay_ms: 150,
  swallow_keys_while_counting: true,
  hold_run_while_counting: false,
  reject_untrusted_keys: true,
  trusted_chip_enter: true,
  stop_commit: 'enter',
  swallow_dialog_clicks: 0,
  refuse_declarations: null,
  dialog_stays_open: false,
  structured_editor: 'textarea',
  autosave_dialog_after_ms: 1500,
  cookie_bar: false,
  survey_iframe: false,
  welcome_dialog: false,
  terms_dialog: false,
  preference_vote: false,
  announcement: false,
  lingering_backdrop: false,
  leftover_run: false,
  rewrites_prompt: null,
  language: 'en',
  interrupt_with: null,
  interrupt_at: 'setting',
  tooltip_over_run: false,
  upload_delay_ms: 120,
  single_file_upload: true,
  copyright_dialog: true,
  drive_dialog: false,
  file_input: 'menu',
  upload_faults: [],
  text_limit: null,
  footer_before_text: false,
  thought_layout: 'same-turn',
  virtualise: true,
  run_sends_nothing: false,
  slow_ms: 0,
  renamed: {},
  missing: [],
  mutations: [],
  duplicate_prompt_tree: false,
  drop_settings_on_new_chat: false,
  new_chat_loads_page: false,
  editor_tabs_drawn_anew: false,
  system_saved_from_the_start: false,
};

/** Knobs of this page load with the defaults filled in. */
export function readKnobs(page) {
  return Object.freeze({ ...DEFAULTS, ...(page ?? {}) });
}

const ERAS = ['E3', 'E4', 'E5', 'E6'];

/** True when the page shows `era` or a later one. */
export function atLeast(knobs, era) {
  return ERAS.indexOf(knobs.era) >= ERAS.indexOf(era);
}

const IDENTIFYING =
  /^(aria-label|aria-valuemax|id|name|title|mattooltip|iconname|placeholder|formcontrolname|data-.*)$/;

export class Faults {
  constructor(knobs) {
    this.renamedControls = new Set(Object.keys(knobs.renamed).filter((name) => knobs.renamed[name]));
    this.missingControls = new Set(knobs.missing);
  }

  missing(control) {
    return this.missingControls.has(control);
  }

  renamed(control) {
    return this.renamedControls.has(control);
  }

  tag(control, tag) {
    return this.renamed(control) ? 'ms-unit' : tag;
  }

  /** A visible word of the control. */
  word(control, text) {
    return this.renamed(control) ? scramble(text) : text;
  }

  /**
   * The element as the page should show it: itself, itself without any identifying mark, or null
   * when the control is missing. Call it again after attributes have been rewritten.
   */
  mark(control, element) {
    if (this.missing(control)) return null;
    if (this.renamed(control)) for (const node of [element, ...element.querySelectorAll('*')]) strip(node);
    return element;
  }
}

function strip(node) {
  for (const { name, value } of [...node.attributes]) {
    if (name === 'aria-label') node.setAttribute(name, scramble(value));
    else if (name === 'href') node.setAttribute(name, '#');
    else if (name === 'type' && value === 'submit') node.setAttribute(name, 'button');
    else if (name === 'class') node.setAttribute('class', value.split(/\s+/).map(unknownClass).join(' '));
    else if (name === 'role' && value === 'spinbutton') node.removeAttribute(name);
    else if (IDENTIFYING.test(name)) node.removeAttribute(name);
  }
}

const NEUTRAL_CLASS = /^(x-|ms-button|material-symbols|notranslate|cdk-|mdc-|mat-)/;

function unknownClass(name) {
  return NEUTRAL_CLASS.test(name) ? name : `x-${scramble(name)}`;
}

/** A stable word that has nothing in common with the original. */
function scramble(text) {
  let sum = 7;
  for (const char of text) sum = (sum * 31 + char.codePointAt(0)) % 46655;
  return `q${sum.toString(36)}`;
}
