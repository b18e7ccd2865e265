// The demo page: shows what the server's state says, and tells the server what the visitor does.

import { Chat, chats } from "./chat.js";
import { post } from "./server.js";
import { brief, change, chosen, full, paint, word } from "./words.js";

const get = (id) => document.getElementById(id);
const deck = get("deck");
const tabs = get("tabs");
let state = null;
let busy = false;

// The clock

function showClock() {
  get("clock").hidden = !state.clock;
  if (!state.clock) return;
  const now = new Date(state.clock.now);
  const next = state.clock.next && new Date(state.clock.next);
  Object.assign(get("now"), { dateTime: state.clock.now, textContent: full(now) });
  get("next").textContent = next ? brief(next) : word("nothing");
  // aria-disabled instead of disabled: the focus stays where the visitor put it
  for (const button of get("clock").querySelectorAll("button")) {
    button.ariaDisabled = String(busy || (button.dataset.step === "next" && !next));
  }
}

async function step(event) {
  const button = event.target.closest("button");
  if (!button || button.ariaDisabled === "true") return;
  busy = true;
  showClock();
  get("status").textContent = word("moving");
  const answer = await post("clock", { step: button.dataset.step });
  busy = false;
  await refresh();
  get("status").textContent = answer ? `${word("moved")} ${full(new Date(state.clock.now))}` : word("failed");
}

// The whole

function show() {
  paint(document);
  get("language").textContent = word("other");
  get("language").lang = chosen() === "de" ? "en" : "de";
  for (const given of state.chats) {
    let chat = chats.get(given.id);
    if (!chat) {
      chat = new Chat(given);
      chats.set(given.id, chat);
      deck.append(chat.column);
      tabs.append(chat.tab);
      visible.observe(chat.column);
    }
    chat.show(given);
  }
  showClock();
  fit();
}

function fit() {
  tabs.hidden = deck.scrollWidth <= deck.clientWidth + 1;
}

let loading = null;
let stale = false;

// Several calls while one is under way become one more.
function refresh() {
  stale = true;
  loading ??= (async () => {
    while (stale) {
      stale = false;
      const answer = await fetch("state");
      if (!answer.ok) break;
      state = await answer.json();
      show();
    }
  })().catch(() => lost(true)).finally(() => (loading = null));
  return loading;
}

function lost(is) {
  get("lost").textContent = is ? word("lost") : "";
}

const visible = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const chat = [...chats.values()].find(({ column }) => column === target);
    chat.tab.ariaCurrent = String(isIntersecting);
    if (isIntersecting && !tabs.hidden) chat.attend();
  }
}, { root: deck, threshold: 0.6 });

new ResizeObserver(fit).observe(deck);
get("clock").addEventListener("click", step);
get("language").addEventListener("click", () => {
  change();
  for (const chat of chats.values()) for (const [id, { node }] of chat.shown) chat.forget(id, node);
  show();
});

await refresh();
const events = new EventSource("events");
events.addEventListener("open", () => lost(false));
events.addEventListener("error", () => lost(events.readyState !== EventSource.OPEN));
events.addEventListener("message", refresh);
