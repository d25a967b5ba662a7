/** Autosave: title, CreatePrompt after the first run, UpdatePrompt after later ones. */

import { mintToken } from './rpc.js';
import { promptMessage, textOf } from './wire.js';

const UNTITLED = 'Untitled prompt';

export class Saver {
  constructor(app, chat) {
    this.app = app;
    this.chat = chat;
    this.forget();
  }

  forget() {
    this.id = null;
    this.title = null;
    this.failed = false;
    this.generationOfChat = (this.generationOfChat ?? 0) + 1;
  }

  /** The chat on the page is this saved one. */
  adopt(id, title) {
    this.id = id;
    this.title = title;
  }

  /** True when leaving the chat would lose its turns. */
  get atRisk() {
    return !this.wanted || this.failed;
  }

  get wanted() {
    return !this.chat.temporary && this.app.preferences.get('autosaveEnabled') !== false;
  }

  /** Save the chat after a run; a chat that was left meanwhile is not touched any more. */
  async save(turn) {
    if (!this.wanted) return;
    const mine = this.generationOfChat;
    if (!this.title) await this.#findTitle(turn);
    if (mine !== this.generationOfChat) return;
    await this.#store(mine);
    this.chat.changed.emit();
  }

  async #findTitle(turn) {
    const user = this.chat.turns.find((item) => item.role === 'user');
    const text = textOf(user?.parts ?? []);
    const fallback = text.trim().split(/\s+/).slice(0, 8).join(' ').slice(0, 60) || UNTITLED;
    const answer = textOf(turn.parts.filter((part) => !part[12]));
    try {
      const response = await this.app.rpc.unary('GenerateTitle', [
        text.slice(0, 2000),
        answer.slice(0, 2000),
        null,
        null,
        mintToken(),
      ]);
      const title = Array.isArray(response) ? response[0] : null;
      this.title = typeof title === 'string' && title !== '' ? title : fallback;
    } catch {
      this.title = fallback;
    }
  }

  async #store(mine) {
    const method = this.id ? 'UpdatePrompt' : 'CreatePrompt';
    const message = promptMessage({ id: this.id, title: this.title, run: this.app.run, turns: this.chat.turns });
    try {
      const response = await this.app.rpc.unary(method, [message]);
      if (mine !== this.generationOfChat) return;
      this.failed = false;
      if (!this.id) this.#adopt(response);
    } catch (error) {
      this.failed = true;
      this.app.overlays.toast(
        `Failed to save prompt. ${error.http ? 'Internal error encountered.' : error.message}`,
        'error',
      );
    }
  }

  /** The new chat has an address of its own from now on. */
  #adopt(response) {
    const prompt = Array.isArray(response?.[0]) ? response[0] : response;
    const name = typeof prompt?.[0] === 'string' ? prompt[0] : '';
    if (!name.startsWith('prompts/')) return;
    this.id = name.slice('prompts/'.length);
    this.app.router.replace(`/prompts/${this.id}`);
    this.app.navigation.addPrompt({ id: this.id, title: this.title });
  }
}
