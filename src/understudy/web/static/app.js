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

// Buttons that copy a text.
document.addEventListener("click", async (event) => {
  const copy = event.target.closest?.("[data-copy-text]");
  if (!copy) return;
  await navigator.clipboard.writeText(copy.dataset.copyText);
  const before = copy.textContent;
  copy.textContent = "Copied";
  setTimeout(() => (copy.textContent = before), 1500);
});
