// The page's two dialogs: a question with answers, and an enlarged picture.

import { element } from "./message.js";

const get = (id) => document.getElementById(id);
let opener = null;

function open(dialog) {
  if (dialog.open) return;
  opener = document.activeElement;
  dialog.showModal();
}

const isOpen = () => get("ask").open || get("picture").open;

// The place of the visitor in the page, also while a dialog is in front of it.
export const focused = () => (isOpen() ? opener : document.activeElement);

export function focusOn(node) {
  if (isOpen()) opener = node;
  else node.focus({ preventScroll: true });
}

export function ask(question, answers, language) {
  const dialog = get("ask");
  get("question").textContent = question;
  get("question").lang = language ?? "";
  return new Promise((resolve) => {
    const buttons = answers.map(({ label, value }) => {
      const button = element("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        resolve(value);
        dialog.close();
      });
      return button;
    });
    get("answers").replaceChildren(...buttons);
    dialog.addEventListener("close", () => resolve(null), { once: true });
    open(dialog);
  });
}

export function enlarge(url, alt) {
  Object.assign(get("large"), { src: url, alt });
  open(get("picture"));
}

get("shut").addEventListener("click", () => get("picture").close());
for (const id of ["ask", "picture"]) get(id).addEventListener("close", () => opener?.focus({ preventScroll: true }));
