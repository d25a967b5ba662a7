/**
 * Building DOM without markup strings.
 *
 * The page is served with `require-trusted-types-for 'script'`, so nothing here ever parses HTML:
 * every node is made by createElement and every text is a text node.
 */

import { iconUrl } from './icons.js';
import { mutated, tagNow, wordsNow } from './mutations.js';

/**
 * Make an element. `props.class` is the class attribute, `props.on` maps event names to listeners,
 * `props.text` becomes a text node, everything else is an attribute (`true` = empty attribute,
 * `null`/`false`/`undefined` = left out). Children that are null or false are skipped.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tagNow(tag));
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

function setProp(node, name, value) {
  if (name === 'on') {
    for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
  } else if (name === 'text') {
    if (value !== null && value !== undefined) node.append(document.createTextNode(wordsNow(value)));
  } else {
    setAttribute(node, name, value);
  }
}

/** Set, or for null/false/undefined remove, an attribute. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? '' : String(value));
}

/**
 * An icon as the site writes it: a ligature word as text, painted by CSS.
 * The word stays in innerText, which is what drivers of the site meet too.
 */
export function icon(name, extra = '') {
  const node = el('span', { class: `material-symbols-outlined notranslate ${extra}`.trim(), text: name });
  node.style.setProperty('--icon', iconUrl(name));
  return node;
}

/** Change the ligature of an existing icon. */
export function setIcon(node, name) {
  if (node.textContent === name) return;
  node.textContent = name;
  node.style.setProperty('--icon', iconUrl(name));
}

/**
 * One of the site's own buttons (attribute `ms-button`). `variant` is any of the ms-button-* suffixes.
 * Disabled is expressed by aria-disabled, and a disabled one swallows its own clicks.
 */
export function msButton({ variant = '', label, ligature, iconname, on = {}, ...attributes }, ...children) {
  const classes = [
    'ms-button',
    ...variant
      .split(' ')
      .filter(Boolean)
      .map((v) => `ms-button-${v}`),
  ];
  const { click, ...others } = on;
  const guarded = (event) => {
    if (isDisabled(event.currentTarget)) event.stopImmediatePropagation();
    else if (click) click(event);
  };
  return el(
    'button',
    {
      type: 'button',
      'ms-button': true,
      ...attributes,
      class: [...classes.slice(1), attributes.class ?? ''].join(' ').trim(),
      'aria-label': label,
      iconname,
      on: { ...others, click: guarded },
    },
    ligature ? icon(ligature) : null,
    ...children,
  );
}

export function isDisabled(button) {
  return button.disabled || button.getAttribute('aria-disabled') === 'true';
}

export function setDisabled(button, disabled) {
  if (mutated('disabled_natively')) {
    button.disabled = disabled;
    return;
  }
  setAttribute(button, 'aria-disabled', disabled ? 'true' : null);
}

/** Replace all children. */
export function fill(node, ...children) {
  node.replaceChildren(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
}
