import { get, post } from "../client.js";
import { card, day, duration, el, facts, notice, note, pill, table } from "../dom.js";

export const name = "status";
export const title = "Status";
export const refreshMs = 2000;

const STATES = { running: "good", preparing: "busy", waiting: "" };

export async function draw(place, redraw) {
  const status = await get("status");
  place.replaceChildren(overview(status), queue(status.queue, redraw), counters(status.health.details.counters));
}

function overview(status) {
  const { health, keys, network } = status;
  const ok = health.status === "ok";
  const problems = [health.reason, keys.problem].filter(Boolean).map((text) => note(text, "bad"));
  return el(
    "section",
    { className: "card" },
    el(
      "div",
      { className: "head" },
      el("h2", {}, `${status.name} ${status.version}`),
      pill(ok ? "Ready" : "Not ready", ok ? "good" : "bad"),
    ),
    ...problems,
    facts([
      ["Running for", duration(status.uptime_seconds)],
      ["Browser", health.details.engine || "–"],
      ["Answers heard by", health.details.capture || "–"],
      ["Page", health.page_ready ? "ready" : "not ready"],
      ["Signed in with", signedInWith(status)],
      ["API keys", keys.asked_for ? `${keys.in_force} in force` : "none needed"],
      ["Listens on", network.host],
    ]),
  );
}

function signedInWith({ profiles, health }) {
  const until = health.details.sign_in_expires;
  return `${profiles?.active ?? "–"}${until ? `, until ${day(until)}` : ""}`;
}

function queue(board, redraw) {
  async function cancel(row, button) {
    button.disabled = true;
    try {
      await post(`cancel/${encodeURIComponent(row.req_id)}`);
      notice(`Request ${row.req_id} is cancelled.`);
    } catch (error) {
      notice(error.message, "bad");
    }
    redraw();
  }

  const button = (row) =>
    el(
      "button",
      { className: "small danger", "data-focus": row.req_id, onclick: (event) => cancel(row, event.target) },
      "Cancel",
    );
  const columns = [
    ["Request", (row) => el("code", {}, row.req_id)],
    ["State", (row) => pill(row.state, STATES[row.state] ?? "")],
    ["Model", (row) => row.model],
    ["Key", (row) => row.key ?? "–"],
    ["Waited", (row) => duration(row.wait_seconds), "number"],
    ["", (row) => button(row)],
  ];
  return card("Requests", table(columns, board.items, "Nothing waits or runs."));
}

function counters(counts) {
  const rows = Object.entries(counts).sort();
  if (!rows.length) return el("div");
  return card("Since start", facts(rows.map(([name, count]) => [name, String(count)])));
}
