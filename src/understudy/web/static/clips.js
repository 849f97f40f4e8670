// The gallery: posters play under the pointer, several can be picked.
import { ask } from "./app.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
const form = document.getElementById("selection");
const bar = form.querySelector("[data-selection]");

for (const kind of ["pointerenter", "focusin"]) form.addEventListener(kind, (event) => play(event), true);
for (const kind of ["pointerleave", "focusout"]) form.addEventListener(kind, (event) => rest(event), true);
form.addEventListener("change", show);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = picked().length;
  const which = number === 1 ? "this clip" : `these ${number} clips`;
  if (!(await ask(`Delete the files of ${which}? They cannot be brought back.`, "Delete the files"))) return;
  // Where the filters stood, one looks on.
  form.elements.back.value = location.search.slice(1);
  form.submit();
});
form.querySelector("[data-none]").addEventListener("click", none);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && picked().length && !document.querySelector("dialog[open]")) none();
});
document.addEventListener("htmx:afterSettle", show);
show();

function play(event) {
  const video = event.target.closest?.(".poster")?.querySelector("video");
  if (!video || still.matches) return;
  if (!video.src) video.src = video.dataset.source;
  video.play().catch(() => {});
}

function rest(event) {
  const poster = event.target.closest?.(".poster");
  if (event.target !== poster) return;
  poster.querySelector("video")?.pause();
}

function picked() {
  return [...form.querySelectorAll('input[name="clip"]:checked')];
}

function none() {
  const boxes = picked();
  const inBar = bar.contains(document.activeElement);
  for (const box of boxes) box.checked = false;
  show();
  if (inBar) boxes[0]?.focus();
}

function show() {
  const chosen = picked();
  bar.hidden = !chosen.length;
  form.classList.toggle("selecting", chosen.length > 0);
  bar.querySelector("[data-count]").textContent = String(chosen.length);
  const compare = bar.querySelector("[data-compare]");
  compare.hidden = chosen.length !== 2;
  if (chosen.length === 2) compare.href = `/compare?left=${chosen[0].value}&right=${chosen[1].value}`;
}
