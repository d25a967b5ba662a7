/**
 * Entry point of the chat page.
 *
 * The server puts the boot data (addresses, API key, account, page knobs) into the page as JSON;
 * everything else is made here. `App` is the wiring diagram.
 */

import { App } from './app.js';
import { install } from './mutations.js';

const boot = JSON.parse(document.getElementById('boot').textContent);
install(boot.page?.mutations ?? []);
new App(boot).start();
