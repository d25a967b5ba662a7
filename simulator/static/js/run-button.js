/** ms-run-button: one button that runs, and stops while a generation runs. */

import { el, fill, icon, setAttribute, setDisabled } from './dom.js';
import { mutated } from './mutations.js';

const SVG = 'http://www.w3.org/2000/svg';

export class RunButton {
  /** `onRun()` and `onStop()`; `ctrlEnter` tells which key the label shows. */
  constructor(app, { onRun, onStop }) {
    Object.assign(this, { app, onRun, onStop });
    this.running = false;
    this.tooltip = null;
    this.button = el('button', {
      type: 'submit',
      'ms-button': true,
      class: 'ms-button-primary',
      on: { click: (event) => this.#click(event) },
    });
    this.apart = mutated('stop_button_apart') ? stopButton(() => this.onStop()) : null;
    this.host = el(app.faults.tag('run_button', 'ms-run-button'), { class: 'x-run' }, this.button);
    if (app.knobs.tooltip_over_run) this.#listenForCover();
    const marked = app.faults.mark('run_button', this.host);
    this.mounted = this.apart ? el('span', {}, marked, this.apart) : marked;
  }

  sync({ running, enabled, ctrlEnter, noKey }) {
    const state = `${running}|${enabled}|${ctrlEnter}|${noKey}`;
    if (state === this.state) return;
    this.state = state;
    this.running = running;
    if (this.apart) this.#apart(running);
    this.button.classList.toggle('stoppable', running && !this.apart);
    this.button.classList.toggle('ctrl-enter-submits', ctrlEnter);
    setDisabled(this.button, this.apart ? running || !enabled : !running && !enabled);
    fill(this.button, running && !this.apart ? this.#stopContent() : this.#runContent(ctrlEnter, noKey));
    this.#labels();
    this.app.faults.mark('run_button', this.host);
  }

  /** Until era E3 the button had an accessible name of its own. */
  #labels() {
    if (this.app.era('E4')) return;
    setAttribute(this.button, 'aria-label', this.running ? 'Stop' : 'Run');
    this.button.classList.add('run-button');
  }

  /** A stop button of its own, with Run hidden behind it. */
  #apart(running) {
    this.apart.hidden = !running;
    this.host.hidden = running;
  }

  #stopContent() {
    if (mutated('stop_wordless')) return [icon('crop_square')];
    return [
      spinner(),
      el('span', { class: 'stoppable-stop' }),
      el('span', { class: 'run-button-label', text: this.app.faults.word('run_button', 'Stop') }),
    ];
  }

  #runContent(ctrlEnter, noKey) {
    if (noKey) return [el('span', { class: 'run-button-label', text: 'No API key selected' })];
    const keys = [ctrlEnter && icon('keyboard_command_key'), icon('keyboard_return')].filter(Boolean);
    const label = el('span', { class: 'run-button-label', text: this.app.faults.word('run_button', 'Run') });
    return [label, el('span', { class: 'run-button-keys' }, keys)];
  }

  #click(event) {
    if (mutated('run_takes_hands_only') && !event.isTrusted) return;
    if (this.running && !this.apart) this.onStop();
    else if (!this.running && this.button.getAttribute('aria-disabled') !== 'true') this.onRun();
  }

  /** After Escape the tooltip does not come back before the mouse has left the button. */
  #listenForCover() {
    let dismissed = false;
    this.host.addEventListener('mouseenter', () => {
      if (!dismissed)
        this.#cover(() => {
          dismissed = true;
        });
    });
    this.host.addEventListener('mouseleave', () => {
      if (!this.tooltip) dismissed = false;
    });
  }

  /** A tooltip that lies over the button and takes the clicks, until the mouse leaves or Escape. */
  #cover(onEscape) {
    if (this.tooltip) return;
    const box = this.host.getBoundingClientRect();
    const surface = el('div', { class: 'mat-mdc-tooltip-surface mdc-tooltip__surface', text: 'Run this prompt' });
    this.tooltip = el(
      'mat-tooltip-component',
      { class: 'x-cover' },
      el('div', { class: 'mdc-tooltip mat-mdc-tooltip', role: 'tooltip' }, surface),
    );
    for (const side of ['left', 'top', 'width', 'height']) this.tooltip.style[side] = `${box[side]}px`;
    const close = () => {
      this.tooltip?.remove();
      this.tooltip = null;
      document.removeEventListener('keydown', onKey, true);
    };
    const onKey = (event) => {
      if (event.key !== 'Escape') return;
      onEscape();
      close();
    };
    this.tooltip.addEventListener('mouseleave', close);
    document.addEventListener('keydown', onKey, true);
    this.app.overlays.container.append(this.tooltip);
  }
}

function stopButton(onStop) {
  const button = el('button', { type: 'button', 'ms-button': true, 'aria-label': 'Stop generating', on: { click: onStop } }, icon('stop'));
  return el('ms-stop-button', { hidden: true }, button);
}

function spinner() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'stoppable-spinner');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const circle = document.createElementNS(SVG, 'circle');
  for (const [name, value] of Object.entries({ cx: 12, cy: 12, r: 9, fill: 'none' }))
    circle.setAttribute(name, value);
  svg.append(circle);
  return svg;
}
