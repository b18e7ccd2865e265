// One chat: a column that looks like a phone, and its tab.

import { ask, enlarge, focused, focusOn } from "./dialogs.js";
import { bubble, element, isDeepLink, place, successor } from "./message.js";
import { post } from "./server.js";
import { day, word } from "./words.js";

export const chats = new Map();

function askWho() {
  const people = [...chats.values()].filter((chat) => chat.person);
  const answers = people.map((chat) => ({ label: `${chat.name} · ${word(chat.caption)}`, value: chat.id }));
  return ask(word("who"), [...answers, { label: word("cancel"), value: null }]);
}

export class Chat {
  constructor({ id, name, caption, person, language, link }) {
    Object.assign(this, { id, name, caption, person, language, link, enlarge });
    this.shown = new Map();
    this.unread = 0;
    this.newest = 0;
    this.atEnd = true;
    this.pill = element("span", { className: "pill", hidden: true });
    this.role = element("p", { className: "role" });
    this.log = element("div", { className: "log", tabIndex: 0 });
    this.log.setAttribute("role", "log");
    this.log.ariaLive = "off"; // five chats read aloud at once help nobody: see attend()
    this.toasts = element("div", { className: "toasts" });
    this.toasts.setAttribute("role", "status");
    this.foot = element("footer");
    const title = element("h2", { id: `name${id}` }, name);
    const head = element("header", {}, this.avatar(), element("div", { className: "who" }, title, this.role), this.pill);
    this.column = element("section", { className: "chat" }, head, this.log, this.toasts, this.foot);
    this.column.setAttribute("aria-labelledby", title.id);
    this.tabPill = element("span", { className: "pill", hidden: true });
    this.tab = element("button", { type: "button" }, this.avatar(), element("span", {}, name.split(" ")[0]), this.tabPill);
    this.listen();
  }

  avatar() {
    const initials = this.name.match(/(?<!\p{L})\p{Lu}/gu)?.slice(0, 2).join("") ?? "";
    const node = element("span", { className: this.person ? "avatar" : "avatar place" }, initials);
    node.ariaHidden = "true";
    return node;
  }

  listen() {
    this.tab.addEventListener("click", () => this.reveal());
    this.log.addEventListener("scroll", () => {
      if (this.size !== this.measured()) return; // the layout moved it, not the visitor
      this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
      if (this.atEnd && this === Chat.current) this.count(0);
    });
    // A picture that arrives late makes the log longer without changing its own size; load events do not bubble.
    this.log.addEventListener("load", () => this.atEnd && this.toEnd(), true);
    for (const kind of ["focusin", "pointerenter"]) this.column.addEventListener(kind, () => this.attend());
    new ResizeObserver(() => {
      this.size = this.measured();
      if (this.atEnd) this.toEnd();
    }).observe(this.log);
  }

  measured() {
    return `${this.log.clientWidth} ${this.log.clientHeight}`;
  }

  attend() {
    if (Chat.current) Chat.current.log.ariaLive = "off";
    Chat.current = this;
    this.log.ariaLive = "polite";
    if (this.atEnd) this.count(0);
  }

  count(unread) {
    this.unread = unread;
    for (const pill of [this.pill, this.tabPill]) {
      pill.hidden = !unread;
      pill.textContent = `${unread} ${word("fresh")}`;
    }
  }

  reveal() {
    this.column.scrollIntoView({ inline: "start", block: "nearest" });
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  toast(text, alert = false) {
    if (alert) {
      ask(text, [{ label: "OK", value: null }], this.language);
      return;
    }
    const node = element("p", { className: "toast", lang: this.language ?? "" }, text);
    this.toasts.append(node);
    setTimeout(() => node.remove(), Math.max(4000, text.length * 80)); // long enough to be read
  }

  async press(message, data, button) {
    const as = this.person ? this.id : await askWho();
    if (as === null) return;
    button.ariaBusy = "true";
    const answer = await post("press", { chat: this.id, message, data, as });
    button.ariaBusy = null;
    if (answer === null) this.toast(word("failedPress"));
    else if (answer.text) this.toast(answer.text, answer.alert);
  }

  async open(url) {
    const as = this.person ? this.id : await askWho();
    if (as !== null) await this.openAs(url, as);
  }

  async passOn(url) {
    const as = await askWho();
    if (as !== null) await this.openAs(url, as);
  }

  async openAs(url, as) {
    if ((await post("open", { url, as })) === null) {
      this.toast(word("failedOpen"));
    } else if (as !== this.id) {
      const other = chats.get(as);
      other.reveal();
      focusOn(other.log);
    }
  }

  async write(text) {
    const sent = (await post("write", { chat: this.id, text })) !== null;
    if (!sent) this.toast(word("failed"));
    return sent;
  }

  show(given) {
    this.role.textContent = word(this.caption);
    this.log.ariaLabel = word("log");
    const first = this.foot.childElementCount === 0;
    const focus = focused();
    const spotted = this.log.contains(focus) ? focus.closest(".message")?.dataset.id : undefined;
    const seen = new Set(given.messages.map((message) => message.id));
    let fresh = 0;
    let own = false;
    for (const [id, { node }] of this.shown) if (!seen.has(id)) this.forget(id, node);
    let date = "";
    for (const message of given.messages) {
      const written = JSON.stringify(message);
      const old = this.shown.get(message.id);
      const today = day(new Date(message.date * 1000));
      const head = today === date ? "" : (date = today);
      if (old?.written === written && old.head === head) continue;
      const node = bubble(message, this);
      if (head) node.prepend(element("p", { className: "day" }, head));
      if (old) old.node.replaceWith(node);
      else this.log.append(node);
      if (old && spotted === node.dataset.id) focusOn(successor(node, place(focus) ?? [0, 0]));
      if (message.id > this.newest && message.mine) own = true;
      if (message.id > this.newest && !message.mine) fresh += 1;
      this.shown.set(message.id, { written, head, node });
    }
    this.newest = Math.max(this.newest, ...seen);
    this.compose(given);
    if (this.atEnd || own) this.toEnd();
    if (first || own || (Chat.current === this && this.atEnd)) this.count(0);
    else this.count(this.unread + fresh);
    this.log.classList.toggle("empty", given.messages.length === 0);
    this.log.dataset.empty = word("empty");
  }

  forget(id, node) {
    if (node.contains(focused())) focusOn(this.log);
    node.remove();
    this.shown.delete(id);
  }

  // The foot is built anew only when it would differ: a half-written text stays.
  compose(given) {
    const wanted = JSON.stringify([given.commands, given.bot, word("send")]);
    if (this.foot.dataset.wanted === wanted) return;
    const draft = this.foot.querySelector("textarea")?.value ?? "";
    const tag = this.foot.contains(focused()) && focused().tagName.toLowerCase();
    this.foot.dataset.wanted = wanted;
    if (!this.person) this.foot.replaceChildren(...this.channelFoot(given));
    else this.foot.replaceChildren(given.bot ? this.form(given.commands, draft) : this.starter());
    if (tag) focusOn(this.foot.querySelector(tag) ?? this.log);
  }

  channelFoot(given) {
    if (given.bot) return [element("p", { className: "note" }, word("readonly"))];
    const join = element("button", { type: "button", className: "wide" }, word("join"));
    join.addEventListener("click", () => post("join", { chat: this.id }));
    return [element("p", { className: "note" }, word("absent")), join];
  }

  starter() {
    const start = element("button", { type: "button", className: "wide" }, word("start"));
    start.addEventListener("click", () => this.open(this.link));
    return start;
  }

  form(commands, draft) {
    const text = element("textarea", { rows: 1, maxLength: 4096, value: draft, placeholder: word("draft") });
    text.ariaLabel = word("write");
    const form = element("form", {}, this.menu(commands), text, element("button", { className: "send" }, word("send")));
    const fit = () => (text.rows = Math.min(5, text.value.split("\n").length));
    text.addEventListener("input", fit);
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const written = text.value.trim();
      if (!written) return;
      text.value = "";
      fit();
      if (isDeepLink(written) && !/\s/.test(written)) this.open(written);
      else if (!(await this.write(written))) text.value ||= written;
    });
    return form;
  }

  menu(commands) {
    const opener = element("summary", {}, element("span", {}, "☰"));
    opener.ariaLabel = word("commands");
    opener.title = word("commands");
    const node = element("details", { className: "commands" }, opener);
    const close = () => {
      node.open = false;
      opener.focus();
    };
    const items = commands.map(({ command, description }) => {
      const button = element("button", { type: "button" }, element("b", {}, `/${command}`), ` ${description}`);
      button.addEventListener("click", () => {
        close();
        this.write(`/${command}`);
      });
      return element("li", { lang: this.language ?? "" }, button);
    });
    const none = element("li", { className: "note" }, word("noCommands"));
    node.append(element("ul", {}, ...(items.length ? items : [none])));
    node.addEventListener("keydown", (event) => event.key === "Escape" && node.open && close());
    node.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !node.contains(event.relatedTarget)) node.open = false;
    });
    return node;
  }
}
