// One message as DOM. Text reaches the page only through text nodes, so nothing in it is ever interpreted.

import { time, word } from "./words.js";

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

const unseen = (text) => element("span", { className: "unseen" }, text);

export const isDeepLink = (url) => /^(https?:\/\/(www\.)?(t\.me|telegram\.(me|dog))\/|tg:)/i.test(url);

const isInvitation = (url) => isDeepLink(url) && /[?&]start=/i.test(url);

const isSafe = (url) => /^(https?:\/\/|mailto:|tel:)/i.test(url);

function link(url, chat) {
  if (!isDeepLink(url)) {
    return isSafe(url) ? element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }) : element("span");
  }
  const node = element("button", { type: "button", className: "link" });
  node.addEventListener("click", () => chat.open(url));
  return node;
}

function address(written, chat) {
  const url = /^[a-z][a-z0-9+.-]*:/i.test(written) ? written : `https://${written}`;
  const node = link(url, chat);
  if (!isInvitation(url) || !chat.person) return [node];
  return [element("span", {}, node, " ", passOn(url, chat)), node];
}

// An invitation is pressed by somebody else than the person it was shown to.
function passOn(url, chat) {
  const node = element("button", { type: "button", className: "link pass" }, word("as"));
  node.addEventListener("click", () => chat.passOn(url));
  return node;
}

// [what goes into the text, what holds the quoted words]
function quote(expandable) {
  const words = element("div");
  const node = element("blockquote", {}, words);
  if (!expandable) return [node, words];
  words.className = "short";
  const more = element("button", { type: "button", className: "link more" }, word("more"));
  more.ariaExpanded = "false";
  more.addEventListener("click", () => {
    const short = words.classList.toggle("short");
    more.ariaExpanded = String(!short);
    more.textContent = word(short ? "more" : "less");
  });
  node.append(more);
  return [node, words];
}

function spoiler() {
  const node = element("button", { type: "button", className: "spoiler" });
  node.ariaLabel = word("hidden");
  node.addEventListener("click", () => {
    node.classList.add("open");
    node.ariaLabel = null;
  });
  return node;
}

function command(text, chat) {
  if (!chat.person) return element("span");
  const node = element("button", { type: "button", className: "link" });
  node.addEventListener("click", () => chat.write(text));
  return node;
}

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre" };

function wrapper(entity, text, chat) {
  switch (entity.type) {
    case "blockquote":
    case "expandable_blockquote":
      return quote(entity.type === "expandable_blockquote");
    case "text_link":
    case "url":
      return address(entity.url ?? text, chat);
    case "email":
      return [link(`mailto:${text}`, chat)];
    case "spoiler":
      return [spoiler()];
    case "bot_command":
      return [command(text, chat)];
    default:
      return [element(TAGS[entity.type] ?? "span")];
  }
}

// Offsets are UTF-16 units in Telegram and in JavaScript alike. Outer entities come before the ones they hold.
export function rich(text, entities, chat) {
  const queue = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const build = (target, start, end) => {
    let at = start;
    while (queue.length && queue[0].offset < end) {
      const entity = queue.shift();
      const from = Math.max(entity.offset, at);
      const to = Math.min(entity.offset + entity.length, end);
      if (to <= from) continue;
      target.append(text.slice(at, from));
      const [outer, inner = outer] = wrapper(entity, text.slice(from, to), chat);
      build(inner, from, to);
      target.append(outer);
      at = to;
    }
    target.append(text.slice(at, end));
    return target;
  };
  return build(document.createDocumentFragment(), 0, text.length);
}

function key(button, chat, message) {
  if (button.url && !isDeepLink(button.url)) {
    const node = link(button.url, chat);
    node.append(button.text, unseen(` (${word("newTab")})`));
    return node;
  }
  const node = element("button", { type: "button" }, button.text);
  node.addEventListener("click", () => {
    if (node.ariaBusy === "true") return;
    if (button.url) chat.open(button.url);
    else chat.press(message.id, button.callback_data, node);
  });
  return node;
}

function keyboard(message, chat) {
  const rows = message.keyboard.map((row, r) =>
    element("div", { className: "row" }, ...row.map((button, c) => {
      const node = key(button, chat, message);
      node.classList.add("key");
      node.dataset.row = r;
      node.dataset.column = c;
      return node;
    })),
  );
  return element("div", { className: "keyboard" }, ...rows);
}

function photo(message, chat) {
  const { url, width, height } = message.file;
  const alt = message.text || word("picture");
  const image = element("img", { src: url, width, height, alt, decoding: "async" });
  const node = element("button", { type: "button", className: "photo" }, image);
  node.ariaLabel = `${word("enlarge")} ${alt}`;
  node.addEventListener("click", () => chat.enlarge(url, alt));
  return node;
}

function file(message) {
  const { url, name, size } = message.file;
  const kilobytes = Math.max(1, Math.round(size / 1024));
  return element(
    "a",
    { className: "file", href: url, download: name },
    unseen(`${word("download")} `),
    element("span", { className: "name" }, name),
    element("small", {}, ` ${kilobytes} KB`),
  );
}

export function bubble(message, chat) {
  const node = element("article", { className: message.mine ? "bubble mine" : "bubble", tabIndex: -1 });
  if (message.mine) node.append(unseen(word("mine")));
  if (message.file) node.append(message.file.kind === "photo" ? photo(message, chat) : file(message));
  if (message.text) {
    const text = element("div", { className: "text" }, rich(message.text, message.entities, chat));
    if (chat.language) text.lang = chat.language;
    node.append(text);
  }
  const moment = new Date(message.date * 1000);
  const marks = [message.pinned && word("pinned"), message.edited && word("edited")].filter(Boolean);
  node.append(
    element("p", { className: "meta" }, ...marks.map((mark) => element("span", {}, mark)),
      element("time", { dateTime: moment.toISOString() }, time(moment))),
  );
  const whole = element("div", { className: message.mine ? "message mine" : "message" }, node);
  if (message.keyboard.length) whole.append(keyboard(message, chat));
  whole.dataset.id = message.id;
  return whole;
}

// A keyboard user who pressed "next" stays where "next" was, whatever the edit made of the message.
export function place(node) {
  const { row, column } = node?.dataset ?? {};
  return row === undefined ? null : [Number(row), Number(column)];
}

export function successor(whole, [row, column]) {
  const rows = whole.querySelectorAll(".row");
  const keys = rows[Math.min(row, rows.length - 1)]?.children;
  return keys ? keys[Math.min(column, keys.length - 1)] : whole.querySelector(".bubble");
}
