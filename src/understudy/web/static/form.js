// A model's form: presets, pictures, what follows from the present inputs, and the request itself.
import { formToken } from "./app.js";
import { FileInput } from "./files.js";

const form = document.getElementById("run");
const files = new Map([...form.querySelectorAll("[data-files]")].map((box) => [box.dataset.files, new FileInput(box, changed)]));
let asked = 0;
let waiting;

form.addEventListener("input", (event) => {
  mirror(event.target);
  changed();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
document.addEventListener("click", (event) => {
  const preset = event.target.closest("[data-preset]");
  if (preset) fill(JSON.parse(preset.dataset.preset));
  const tab = event.target.closest('[role="tab"]');
  if (tab) choose(tab);
  const copy = event.target.closest("[data-copy]");
  if (copy) take(copy);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.('[role="tab"]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const tabs = [...tab.parentElement.children];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  choose(next);
  next.focus();
});

function mirror(target) {
  if (target.dataset.slider) {
    document.getElementById(target.dataset.slider).value = target.value;
  } else if (target.type === "number") {
    const slider = form.querySelector(`[data-slider="${CSS.escape(target.id)}"]`);
    if (slider) slider.value = target.value;
  }
}

function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    if (files.has(name)) {
      files.get(name).set(value ? [value] : []);
      continue;
    }
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
      mirror(field);
    }
  }
  changed();
}

// What follows from the inputs is asked for when they have stood still for a moment; a late answer to an old question is dropped.
function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 250);
}

async function ask() {
  const mine = ++asked;
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  for (const [name, input] of files) for (const each of input.described()) body.append(name, each);
  const answer = await fetch(form.dataset.now, { method: "POST", body, headers: { "x-form-token": formToken() } });
  if (!answer.ok || mine !== asked) return;
  const now = document.getElementById("now");
  const open = now.querySelector("#snippets")?.open;
  const language = now.querySelector('[role="tab"][aria-selected="true"]')?.id;
  const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
  now.innerHTML = await answer.text();
  now.querySelector("#snippets").open = open;
  if (language) choose(document.getElementById(language));
  if (focused) document.getElementById(focused)?.focus();
}

async function run() {
  const button = form.querySelector('button[type="submit"]');
  clear();
  button.disabled = true;
  button.textContent = "Sending …";
  try {
    const body = new FormData(form);
    for (const [name, input] of files) input.append(body, name);
    const answer = await fetch(form.action, { method: "POST", body, headers: { "x-form-token": formToken() } });
    const said = await answer.json();
    if (said.result) {
      location.assign(`/clips/${said.taskid}`);
      return;
    }
    for (const error of said.errors ?? []) complain(error.message, error.details);
  } catch {
    complain("The server cannot be reached. Nothing was sent; try again.");
  }
  button.disabled = false;
  button.textContent = "Make the clip";
}

function complain(message, details = "") {
  const named = `${message} ${details}`.match(/\[(\w+)\]/);
  const field = named && document.getElementById(`input-${named[1]}`);
  const place = document.getElementById(field ? `${field.id}-wrong` : "run-wrong");
  place.textContent = details || message;
  place.hidden = false;
  if (field) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
}

function clear() {
  for (const place of form.querySelectorAll(".wrong")) place.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function choose(tab) {
  for (const each of tab.parentElement.children) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  }
}

async function take(button) {
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}
