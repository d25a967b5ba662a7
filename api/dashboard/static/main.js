// Signing in, and one section at a time. A section has `name`, `title`, `refreshMs`, `draw(place, redraw)` and,
// where it keeps something, `leave()`. A new one is added to SECTIONS.

import { get, post } from "./client.js";
import { el, note } from "./dom.js";
import { login } from "./login.js";
import * as keys from "./sections/keys.js";
import * as profiles from "./sections/profiles.js";
import * as remote from "./sections/sign_in.js";
import * as status from "./sections/status.js";

const SECTIONS = [status, profiles, remote, keys];

const place = document.getElementById("main");
let current = null;
let timer = 0;
let round = 0;

async function start() {
  try {
    await get("queue");
  } catch (error) {
    if (error.status === 401) return signIn();
    place.replaceChildren(note(error.message, "bad"));
    timer = setTimeout(start, 3000);
    return;
  }
  document.getElementById("who").replaceChildren(el("button", { className: "small", onclick: signOut }, "Sign out"));
  show();
}

async function signIn() {
  stop();
  document.getElementById("who").replaceChildren();
  document.getElementById("sections").replaceChildren();
  await login(place);
  place.replaceChildren();
  await start();
}

async function signOut() {
  await post("logout").catch(() => undefined);
  await signIn();
}

function stop() {
  clearTimeout(timer);
  round += 1;
  current?.leave?.();
  current = null;
}

function show() {
  stop();
  current = SECTIONS.find((section) => `#${section.name}` === location.hash) ?? SECTIONS[0];
  const links = SECTIONS.map((section) => {
    const link = el("a", { href: `#${section.name}` }, section.title);
    if (section === current) link.setAttribute("aria-current", "page");
    return link;
  });
  document.getElementById("sections").replaceChildren(...links);
  place.replaceChildren();
  draw(round);
}

async function draw(of) {
  clearTimeout(timer);
  if (of !== round || current === null) return;
  if (!document.hidden) {
    const focused = document.activeElement?.dataset.focus;
    try {
      await current.draw(place, () => draw(of));
      if (focused) place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
    } catch (error) {
      if (error.status === 401) return signIn();
      if (of === round) place.replaceChildren(note(error.message, "bad"));
    }
  }
  if (of !== round || current === null) return;
  clearTimeout(timer);
  timer = setTimeout(() => draw(of), current.refreshMs);
}

addEventListener("hashchange", () => current && show());
addEventListener("visibilitychange", () => current && !document.hidden && draw(round));
start();
