/** The dialog "Run safety settings": four sliders of five steps. */

import { el } from './dom.js';
import { dialogHeader } from './overlays.js';
import { HARM_CATEGORIES } from './run-state.js';

/** Slider step to wire threshold, and its name. */
const STEPS = {
  '-5': [5, 'Off'],
  '-4': [4, 'Block none'],
  '-3': [3, 'Block few'],
  '-2': [2, 'Block some'],
  '-1': [1, 'Block most'],
};

export function openSafetySettings(app) {
  if (app.overlays.anyOpen) return;
  app.tick(() => open(app));
}

function open(app) {
  const [first, ...others] = HARM_CATEGORIES.map(({ id, label }) => categoryRow(app.run, id, label));
  const rows = [app.faults.mark('safety_slider', first), ...others];
  const content = el(
    'run-safety-settings',
    {},
    dialogHeader('Run safety settings', { closeLabel: 'close', close: () => pane.close() }),
    el(
      'mat-dialog-content',
      { class: 'mat-mdc-dialog-content' },
      el('p', { text: 'Adjust how likely you are to see responses that could be harmful.' }),
      rows,
    ),
  );
  const pane = app.overlays.dialog(content, { label: 'Run safety settings' });
}

function categoryRow(run, id, label) {
  const step = Object.keys(STEPS).find((key) => STEPS[key][0] === run.safety[id]) ?? '-5';
  const word = el('span', { class: 'safety-word', text: STEPS[step][1] });
  const range = el('input', {
    type: 'range',
    class: 'mdc-slider__input',
    min: -5,
    max: -1,
    step: 1,
    'aria-label': label,
  });
  range.value = step;
  const show = () => {
    word.textContent = STEPS[range.value][1];
    range.style.setProperty('--part', `${(Number(range.value) + 5) * 25}%`);
  };
  show();
  range.addEventListener('input', show);
  range.addEventListener('change', () => run.set({ safety: { ...run.safety, [id]: STEPS[range.value][0] } }));
  return el('div', { class: 'safety-row' }, el('span', { text: label }), range, word);
}
