/**
 * The conversation: its turns, the running generation, saving, and starting anew.
 * Signals: `changed` whenever Run, New chat or the title may have to look different.
 */

import { Generation } from './generation.js';
import { ask } from './overlays.js';
import { randomText, RpcError } from './rpc.js';
import { Saver } from './saver.js';
import { Signal } from './signal.js';

export class Chat {
  constructor(app) {
    this.app = app;
    this.changed = new Signal();
    this.turns = [];
    this.generation = null;
    this.temporary = false;
    this.saver = new Saver(app, this);
    this.previousId = null;
    this.vote = null;
  }

  get generating() {
    return this.generation !== null;
  }

  get empty() {
    return this.turns.length === 0;
  }

  newTurn(role, parts, extra = {}) {
    return {
      id: randomText(16).replaceAll('_', 'A').replaceAll('-', 'B'),
      role,
      parts,
      created: Date.now(),
      error: null,
      ...extra,
    };
  }

  /** Send what the prompt box holds. */
  send(parts, files = []) {
    const turn = this.newTurn('user', parts, { files });
    this.turns.push(turn);
    this.app.view.add(turn);
    this.#generate();
  }

  #generate() {
    const turn = this.newTurn('model', []);
    const contents = this.turns.filter((item) => !item.error);
    this.turns.push(turn);
    this.generation = new Generation(this.app, turn, contents, (outcome) => this.#ended(turn, outcome));
    this.changed.emit();
    this.generation.start();
  }

  #ended(turn, outcome) {
    this.generation = null;
    if (outcome.responseId) this.previousId = outcome.responseId;
    this.changed.emit();
    if (outcome.error) return;
    this.saver.save(turn);
    this.app.interruptions.answered(turn);
  }

  stop() {
    this.generation?.stop();
  }

  /** Generate again after the user turn that this turn belongs to. */
  rerun(turn) {
    if (this.generating) return;
    const at = this.turns.indexOf(turn);
    const last = this.turns.slice(0, at + 1).findLastIndex((item) => item.role === 'user');
    if (last === -1) return;
    for (const later of this.turns.splice(last + 1)) this.app.view.remove(later);
    this.#generate();
  }

  deleteTurn(turn) {
    if (this.generating) return;
    this.turns = this.turns.filter((item) => item !== turn);
    this.app.view.remove(turn);
    this.changed.emit();
  }

  editTurn(view, text) {
    const { turn } = view;
    const others = turn.parts.filter((part) => typeof part[1] !== 'string');
    turn.parts = [...others, [null, text]];
    view.parts.replaceText(text);
  }

  /** The toolbar button: inert on an empty chat and while generating. */
  requestNew() {
    if (this.empty || this.generating) return;
    this.leaveTo(() =>
      this.app.knobs.new_chat_loads_page ? location.assign('/prompts/new_chat') : this.startNew(),
    );
  }

  /** Ask before turns are lost that are saved nowhere. */
  leaveTo(action) {
    if (this.empty || !this.saver.atRisk) return this.app.tick(action);
    return ask(this.app.overlays, {
      title: 'Discard this chat?',
      body: 'This chat is not saved. Starting a new one discards its turns.',
      actions: [{ text: 'Cancel' }, { text: 'Discard and continue', primary: true, run: action }],
    });
  }

  startNew() {
    this.vote = null;
    this.generation?.discard();
    this.generation = null;
    this.turns = [];
    this.previousId = null;
    this.setTemporary(false);
    this.saver.forget();
    this.app.view.clear();
    this.app.startedNewChat();
    this.changed.emit();
  }

  /** A submit by a key press that no hand made: the site answers it like a 403. */
  refuse({ parts, files }) {
    const user = this.newTurn('user', parts, { files });
    const turn = this.newTurn('model', []);
    this.turns.push(user, turn);
    this.app.view.add(user);
    this.generation = new Generation(this.app, turn, [], (outcome) => this.#ended(turn, outcome));
    this.generation.fail(new RpcError(7, 'The caller does not have permission', 0));
  }

  /** Show a saved chat. */
  restore(id, { title, model, system, settings, turns }) {
    const known = this.app.catalogue.find(model);
    if (known) this.app.run.choose(known);
    this.app.run.set({ ...settings, system });
    this.turns = turns.map(({ role, parts, finishReason }) => this.newTurn(role, parts, { finishReason }));
    for (const turn of this.turns) this.#showRestored(turn);
    this.saver.adopt(id, title);
    this.changed.emit();
  }

  #showRestored(turn) {
    const view = this.app.view.add(turn);
    if (turn.role === 'user') return;
    for (const part of turn.parts) view.parts.add(part);
    view.parts.finish();
    view.showFooter({});
  }

  setTemporary(on) {
    if (this.temporary === on) return;
    this.temporary = on;
    this.changed.emit();
  }
}
