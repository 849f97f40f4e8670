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
