/**
 * Another language: every word that the page itself says, with accents on its vowels. What people and models wrote,
 * names of icons and ids of models stay.
 */

const ACCENTS = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', I: 'Í', O: 'Ó', U: 'Ú' };
const SPOKEN = ['aria-label', 'placeholder', 'mattooltip', 'title', 'alt'];
const FOREIGN = [
  'script, style, textarea, input, code, pre',
  '.material-symbols-outlined, .turn-content, ms-text-chunk, mat-chip, ms-media-chip',
  '[data-test-id="model-name"], .model-title-text, .title, [id^="model-carousel-row-"]',
  '#account-switcher-button, ms-account-switcher',
].join(',');

const accented = (text) => text.replace(/[aeiou]/gi, (letter) => ACCENTS[letter]);

function speak(node) {
  if (node instanceof Text) {
    if (node.parentElement && !node.parentElement.closest(FOREIGN)) {
      const said = accented(node.data);
      if (said !== node.data) node.data = said;
    }
    return;
  }
  if (!(node instanceof Element)) return;
  for (const name of SPOKEN) {
    const said = node.getAttribute(name);
    if (said && accented(said) !== said) node.setAttribute(name, accented(said));
  }
  for (const child of node.childNodes) speak(child);
}

/** From now on. */
export function speakPseudo() {
  speak(document.body);
  const options = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN };
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) for (const node of [target, ...addedNodes]) speak(node);
  }).observe(document.body, options);
}
