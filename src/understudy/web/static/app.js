// What every page does: the menu on narrow screens, covers that play under the pointer, the form token in every request.

const menu = document.getElementById("menu");
const button = document.querySelector(".menu-button");
if (menu && button) {
  const open = (wanted) => {
    menu.classList.toggle("open", wanted);
    button.setAttribute("aria-expanded", String(wanted));
  };
  button.addEventListener("click", () => open(!menu.classList.contains("open")));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.classList.contains("open")) {
      open(false);
      button.focus();
    }
  });
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["x-form-token"] = formToken();
});

// What htmx could not fetch stays as it was; that is said.
document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Try again in a moment."));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status !== 401) toast("The server could not answer that. Try again, or reload the page.");
});

export function toast(text) {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = text;
  document.getElementById("toasts").replaceChildren(note);
  setTimeout(() => note.remove(), 8000);
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
for (const [kind, act] of [["pointerover", play], ["focusin", play], ["pointerout", pause], ["focusout", pause]]) {
  document.addEventListener(kind, act);
}

function videoOf(event) {
  return event.target.closest(".card")?.querySelector("video[data-hover-play]");
}

function play(event) {
  if (!still.matches) videoOf(event)?.play().catch(() => {});
}

function pause(event) {
  if (event.relatedTarget && event.target.closest(".card")?.contains(event.relatedTarget)) return;
  videoOf(event)?.pause();
}

export function formToken() {
  return document.querySelector('meta[name="form-token"]')?.content ?? "";
}

// Forms that ask before they are sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset?.confirm || form.dataset.confirmed) return;
  event.preventDefault();
  ask(form.dataset.confirm, form.dataset.confirmAct || event.submitter?.textContent.trim() || "Yes").then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter);
  });
});

export function ask(question, act) {
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  const text = document.createElement("p");
  text.id = "question";
  text.textContent = question;
  dialog.setAttribute("aria-labelledby", "question");
  const row = document.createElement("form");
  row.method = "dialog";
  row.className = "row";
  for (const [value, label, kind] of [["no", "Cancel", "secondary"], ["yes", act, "danger"]]) {
    const choice = document.createElement("button");
    choice.value = value;
    choice.className = kind;
    choice.textContent = label;
    row.append(choice);
  }
  dialog.append(text, row);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      answer(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}

// Buttons that copy a text, and say so for a moment.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy-text]");
  if (button) copy(button, button.dataset.copyText);
});

export async function copy(button, text) {
  // Browsers have a clipboard for pages on https and of their own machine alone; elsewhere a selection is copied.
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copySelected(text);
  const before = [...button.childNodes];
  button.textContent = "Copied";
  setTimeout(() => button.replaceChildren(...before), 1500);
}

function copySelected(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  document.execCommand("copy");
  field.remove();
  focused?.focus();
}
