/**
 * Everything that floats: menus, selects, dialogs, side sheets, toasts, tooltips.
 *
 * All of it is rendered in `div.cdk-overlay-container` at the end of body, outside the app. A pane
 * with a transparent backdrop (menus, selects) or a dark one (dialogs) takes every click until it
 * has closed. Escape closes the newest pane.
 */

import { el, fill, icon, msButton } from './dom.js';

export class Overlays {
  #stack = [];

  constructor({ knobs, tick }) {
    this.knobs = knobs;
    this.tick = tick;
    this.container = el('div', { class: 'cdk-overlay-container' });
    document.documentElement.style.setProperty('--anim', `${knobs.animation_ms}ms`);
    document.addEventListener('keydown', (event) => this.#escape(event), true);
  }

  get anyOpen() {
    return this.#stack.length > 0;
  }

  /** Run `action` when an animation that starts now has ended. */
  afterAnimation(action) {
    setTimeout(action, this.knobs.animation_ms);
  }

  /** A menu below (or above) its trigger. `items` are buttons with role menuitem. */
  menu(trigger, items, { label = '' } = {}) {
    const panel = el(
      'div',
      { class: 'mat-mdc-menu-panel', role: 'menu', tabindex: '-1', 'aria-label': label || null },
      items,
    );
    const pane = this.#open(panel, {
      backdrop: 'transparent',
      anchor: trigger,
      paneClass: 'x-menu-pane',
      lingers: true,
    });
    trigger.setAttribute('aria-expanded', 'true');
    pane.onClose(() => trigger.setAttribute('aria-expanded', 'false'));
    panel.addEventListener('keydown', moveFocus);
    items[0]?.focus();
    return pane;
  }

  /** The panel of a select. */
  listbox(trigger, options, { label }) {
    const panel = el(
      'div',
      {
        class: 'mat-mdc-select-panel',
        role: 'listbox',
        tabindex: '-1',
        'aria-label': label,
        id: `${trigger.id}-panel`,
      },
      options,
    );
    const pane = this.#open(panel, {
      backdrop: 'transparent',
      anchor: trigger,
      paneClass: 'x-select-pane',
      lingers: true,
      match: true,
    });
    panel.addEventListener('keydown', moveFocus);
    return pane;
  }

  /** A centred dialog. `content` is a node or a list of nodes. */
  dialog(content, { label = null, paneClass = '', backdropClass = '', closable = true } = {}) {
    return this.#open(dialogContainer(content, label), {
      backdrop: 'dark',
      paneClass: `x-dialog-pane ${paneClass}`,
      backdropClass,
      closable,
    });
  }

  /** A side sheet: a dialog that slides in from the right edge. */
  sideSheet(content, { label = null } = {}) {
    const pane = this.#open(dialogContainer(content, label), {
      backdrop: 'dark',
      paneClass: 'ms-sliding-right-panel-dialog',
    });
    pane.node.classList.add('animation-enabled');
    requestAnimationFrame(() => pane.node.classList.add('animation-show'));
    pane.onClose(() => pane.node.classList.remove('animation-show'));
    return pane;
  }

  /** A toast at the top centre; kind is 'error' or 'warning' or 'info'. */
  toast(text, kind = 'error', duration = 6000) {
    const ligature = { error: 'error', warning: 'warning' }[kind] ?? 'info';
    const body = el(
      'ms-toast',
      {},
      el(
        'div',
        { class: `toast ${kind}`, role: 'alert' },
        icon(ligature),
        el('span', { class: 'content-text', text }),
      ),
    );
    const host = el(
      'mat-snack-bar-container',
      { class: 'ms-toast-snack-bar-container mat-mdc-snack-bar-container' },
      body,
    );
    const pane = el('div', { class: 'cdk-overlay-pane x-toast-pane' }, host);
    const wrapper = el('div', { class: 'cdk-global-overlay-wrapper x-toast-wrapper' }, pane);
    const close = () => wrapper.remove();
    body.firstChild.append(
      msButton({ variant: 'icon borderless small', label: 'Dismiss', ligature: 'close', on: { click: close } }),
    );
    this.container.append(wrapper);
    setTimeout(close, duration);
    return wrapper;
  }

  #open(content, options) {
    const pane = new Pane(this, content, options);
    this.#stack.push(pane);
    pane.onClose(() => this.#stack.splice(this.#stack.indexOf(pane), 1));
    return pane;
  }

  #escape(event) {
    if (event.key !== 'Escape') return;
    const left = this.container.querySelector('.x-left-behind');
    const top = this.#stack.at(-1);
    if (left) left.remove();
    else if (top?.closable) top.close();
    else return;
    event.stopPropagation();
    event.preventDefault();
  }
}

/** One open overlay: backdrop, pane, content. Closed once, by `close()`. */
class Pane {
  #listeners = [];

  constructor(
    overlays,
    content,
    {
      backdrop,
      anchor = null,
      paneClass = '',
      backdropClass = '',
      closable = true,
      lingers = false,
      match = false,
    },
  ) {
    this.overlays = overlays;
    this.closable = closable;
    this.lingers = lingers;
    this.open = true;
    this.focusBefore = document.activeElement;
    this.backdrop = makeBackdrop(backdrop, backdropClass);
    this.node = el('div', { class: `cdk-overlay-pane ${paneClass}`.trim() }, content);
    this.wrapper = el(
      'div',
      { class: anchor ? 'cdk-overlay-connected-position-bounding-box' : 'cdk-global-overlay-wrapper' },
      this.node,
    );
    overlays.container.append(this.backdrop, this.wrapper);
    this.backdrop.addEventListener('click', () => this.closable && this.close());
    if (anchor) place(this.node, anchor, match);
    else trapFocus(this.node);
  }

  onClose(listener) {
    this.#listeners.push(listener);
  }

  close() {
    if (!this.open) return;
    this.open = false;
    for (const listener of this.#listeners) listener();
    this.node.classList.add('x-closing');
    this.#dropBackdrop();
    if (this.focusBefore?.isConnected) this.focusBefore.focus({ preventScroll: true });
    this.overlays.afterAnimation(() => this.wrapper.remove());
  }

  #dropBackdrop() {
    if (this.lingers && this.overlays.knobs.lingering_backdrop) {
      const left = this.backdrop.cloneNode();
      left.classList.add('x-left-behind');
      this.backdrop.replaceWith(left);
      return;
    }
    this.backdrop.classList.remove('cdk-overlay-backdrop-showing');
    this.backdrop.style.pointerEvents = 'none';
    this.overlays.afterAnimation(() => this.backdrop.remove());
  }
}

function makeBackdrop(kind, extra) {
  const node = el('div', {
    class: `cdk-overlay-backdrop cdk-overlay-${kind}-backdrop cdk-overlay-backdrop-showing ${extra}`.trim(),
  });
  return node;
}

function dialogContainer(content, label) {
  const surface = el('div', { class: 'mat-mdc-dialog-surface mdc-dialog__surface' }, content);
  const inner = el('div', { class: 'mat-mdc-dialog-inner-container mdc-dialog__container' }, surface);
  return el(
    'mat-dialog-container',
    {
      class: 'mat-mdc-dialog-container mdc-dialog',
      role: 'dialog',
      'aria-modal': 'true',
      tabindex: '-1',
      'aria-label': label,
    },
    inner,
  );
}

/** Under the anchor if there is room, else above it; kept inside the window. */
function place(node, anchor, match) {
  const box = anchor.getBoundingClientRect();
  if (match) node.style.minWidth = `${box.width}px`;
  const { offsetWidth: width, offsetHeight: height } = node;
  const below = box.bottom + 4 + height <= window.innerHeight;
  node.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - height - 4)}px`;
  node.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - width - 8))}px`;
}

const FOCUSABLE = 'button:not([disabled]), input, textarea, [tabindex="0"], a[href]';

function trapFocus(node) {
  node.firstElementChild?.focus({ preventScroll: true });
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab') return;
    const all = [...node.querySelectorAll(FOCUSABLE)];
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge) return;
    (event.shiftKey ? all.at(-1) : all[0]).focus();
    event.preventDefault();
  });
}

/** Arrow keys walk through the items of a menu or listbox. */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const items = [...event.currentTarget.querySelectorAll('[role="menuitem"], [role="option"]')];
  const next = items.indexOf(document.activeElement) + step;
  items[(next + items.length) % items.length]?.focus();
  event.preventDefault();
}

/** Title row of a dialog or sheet with its close button. */
export function dialogHeader(title, { close, closeLabel = 'Close panel', sheet = false }) {
  const button = msButton({
    variant: 'icon borderless',
    label: closeLabel,
    ligature: 'close',
    'data-test-close-button': sheet,
    on: { click: close },
  });
  return el('h2', { class: 'mat-mdc-dialog-title shared-dialog-header' }, el('span', { text: title }), button);
}

/** A simple question. `actions` are `{text, primary, run}`; every one closes the dialog. */
export function ask(overlays, { title, body, actions, tag = null, closable = true, backdropClass = '' }) {
  const row = el('mat-dialog-actions', { class: 'mat-mdc-dialog-actions' });
  const content = [
    el('h2', { class: 'mat-mdc-dialog-title', text: title }),
    el('mat-dialog-content', { class: 'mat-mdc-dialog-content' }, body),
    row,
  ];
  const pane = overlays.dialog(tag ? el(tag, {}, content) : content, { label: title, closable, backdropClass });
  fill(
    row,
    actions.map(({ text, primary, run, ...attributes }) =>
      msButton(
        {
          variant: primary ? 'primary' : 'borderless',
          ...attributes,
          on: {
            click: () => {
              pane.close();
              run?.();
            },
          },
        },
        el('span', { text }),
      ),
    ),
  );
  return pane;
}
