/** The page as a whole: makes the parts, puts them on the page, and does what concerns several of them. */

import { Catalogue } from './catalogue.js';
import { Chat } from './chat.js';
import { ChatView } from './chat-view.js';
import { el } from './dom.js';
import { atLeast, Faults, readKnobs } from './faults.js';
import { Interruptions, libraryPage } from './interruptions.js';
import { mutated } from './mutations.js';
import { Navigation } from './navigation.js';
import { Overlays } from './overlays.js';
import { Preferences } from './preferences.js';
import { PromptBox } from './prompt-box.js';
import { promptIdOf, Router } from './router.js';
import { Rpc } from './rpc.js';
import { RunSettingsPanel } from './run-settings/panel.js';
import { RunState } from './run-state.js';
import { readPrompt } from './saved-prompt.js';
import { activePreset } from './system-instructions.js';
import { TokenCounter } from './token-counter.js';
import { Toolbar } from './toolbar.js';

export class App {
  constructor(boot) {
    this.boot = boot;
    this.knobs = readKnobs(boot.page);
    this.faults = new Faults(this.knobs);
    this.preferences = new Preferences(localStorage);
    this.tick = (action) => setTimeout(action, this.knobs.tick_ms);
    this.rpc = new Rpc(boot, this.knobs, () => this.signIn());
    this.router = new Router((path) => this.#route(path));
    this.overlays = new Overlays(this);
    this.catalogue = new Catalogue();
    this.run = new RunState(this);
    this.run.system = activePreset(this.preferences);
    this.chat = new Chat(this);
    this.tokens = new TokenCounter(this);
    this.view = new ChatView(this);
    this.promptBox = new PromptBox(this);
    this.panel = new RunSettingsPanel(this);
    this.navigation = new Navigation(this);
    this.toolbar = new Toolbar(this);
    this.interruptions = new Interruptions(this);
    this.tokenOfAccount = null;
  }

  /** True when the page shows this era or a later one. */
  era(name) {
    return atLeast(this.knobs, name);
  }

  async start() {
    this.setTheme(this.preferences.get('theme'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      this.setTheme(this.preferences.get('theme')),
    );
    this.preferences.write();
    this.#mount();
    this.interruptions.start();
    this.chat.setTemporary(new URLSearchParams(location.search).get('temporary') === 'true');
    await this.#load();
  }

  #mount() {
    const disclaimer = el('ms-hallucinations-disclaimer', {
      text: 'Models may make mistakes, so double-check their answers.',
    });
    const footer = el('footer', {}, this.promptBox.host, disclaimer);
    this.main = el('section', { class: 'chunk-editor-main' }, this.view.host, this.view.scrollbar, footer);
    this.editor = el('ms-chunk-editor', {}, this.toolbar.host, this.main, this.panel.host);
    this.pages = el('main', {}, this.editor);
    document.body.append(el('ms-app', {}, this.navigation.host, this.pages), this.overlays.container);
  }

  /** The start-up calls of the site, all at once. */
  async #load() {
    const { rpc } = this;
    const quiet = (promise) => promise.catch(() => null);
    const models = rpc.unary('ListModels', []).then(
      (response) => this.#loaded(response),
      (error) => this.#noModels(error),
    );
    quiet(rpc.unary('GetLoggingContext', []));
    quiet(rpc.unary('GetUserPreferences', []));
    quiet(rpc.unary('ListPrompts', [100])).then((response) => this.navigation.load(readIndex(response)));
    this.accessToken().catch(() => null);
    quiet(rpc.unary('GenerateAccessToken', ['users/me']));
    await models;
    this.#route(location.pathname);
  }

  #loaded(response) {
    this.catalogue.load(response);
    const { catalogue, preferences } = this;
    const asked = new URLSearchParams(location.search).get('model');
    const model =
      (mutated('model_address_ignored') ? null : catalogue.find(asked)) ??
      catalogue.find(preferences.get('_promptModelOverride')) ??
      catalogue.find(preferences.get('promptModel')) ??
      catalogue.first();
    if (model) this.run.choose(model);
  }

  #noModels(error) {
    this.overlays.toast(
      `Failed to list models${error.code === 7 ? ': permission denied' : ''}. Please try again.`,
      'error',
    );
  }

  /** From the picker: the model's defaults, and no temporary chat any more. */
  chooseModel(model) {
    if (model.id === this.run.model?.id) return;
    this.run.choose(model);
    this.chat.setTemporary(false);
  }

  toggleTemporary() {
    this.tick(() => this.chat.setTemporary(!this.chat.temporary));
  }

  startedNewChat() {
    this.promptBox.reset();
    if (this.knobs.drop_settings_on_new_chat) this.run.reset();
    this.router.push('/prompts/new_chat');
    this.#showPage(this.editor);
  }

  async openPrompt(id) {
    this.chat.startNew();
    this.router.replace(`/prompts/${id}`);
    try {
      const [prompt] = await this.rpc.unary('ResolveDriveResource', [id]);
      this.chat.restore(id, readPrompt(prompt));
    } catch (error) {
      this.overlays.toast(`Failed to load the prompt: ${error.message}`, 'error');
    }
  }

  saveByHand() {
    const last = this.chat.turns.at(-1);
    if (last && !this.chat.temporary) this.chat.saver.save(last);
  }

  #route(path) {
    if (path.endsWith('/library')) {
      this.#showPage(
        libraryPage(this.navigation.prompts, (id) => {
          this.#showPage(this.editor);
          this.openPrompt(id);
        }),
      );
      return;
    }
    this.#showPage(this.editor);
    const id = promptIdOf(path);
    if (id && id !== this.chat.saver.id) this.openPrompt(id);
    else if (!id && this.chat.saver.id) this.chat.startNew();
  }

  #showPage(page) {
    if (this.pages.firstChild !== page) this.pages.replaceChildren(page);
  }

  async accessToken() {
    this.tokenOfAccount ??= this.rpc.unary('GenerateAccessToken', ['users/me']).then((response) => response[0]);
    try {
      return await this.tokenOfAccount;
    } catch (error) {
      this.tokenOfAccount = null;
      throw error;
    }
  }

  setTheme(theme) {
    if (theme !== this.preferences.get('theme')) this.preferences.set('theme', theme);
    const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
    document.body.classList.toggle('dark-theme', dark);
    document.body.classList.toggle('light-theme', !dark);
  }

  /** The session is dead: to the sign-in page, and back here afterwards. */
  signIn() {
    const host = location.hostname === 'aistudio.google.com' ? 'https://accounts.google.com' : '';
    location.assign(`${host}/ServiceLogin?continue=${encodeURIComponent(location.href)}`);
  }
}

/** `{id, title}` of a ListPrompts answer. */
function readIndex(response) {
  const prompts = Array.isArray(response?.[0]) ? response[0] : [];
  return prompts
    .filter((prompt) => typeof prompt?.[0] === 'string')
    .map((prompt) => ({ id: prompt[0].replace(/^prompts\//, ''), title: prompt[4]?.[0] ?? 'Untitled prompt' }));
}
