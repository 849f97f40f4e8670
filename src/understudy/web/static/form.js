// A model's form: presets, pictures, what follows from the present inputs, and the request itself.
import { copy } from "./app.js";
import { FileInput } from "./files.js";
import { asked, signIn, SignedOut } from "./session.js";

const form = document.getElementById("run");
const largest = Number(form.dataset.largest);
const files = new Map([...form.querySelectorAll("[data-files]")].map((box) => [box.dataset.files, new FileInput(box, largest, changed)]));
let questions = 0;
let waiting;
let sending = false;

form.addEventListener("input", (event) => {
  mirror(event.target);
  changed();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!sending) run();
});
document.addEventListener("click", (event) => {
  const preset = event.target.closest("[data-preset]");
  if (preset) fill(JSON.parse(preset.dataset.preset));
  const tab = event.target.closest('[role="tab"]');
  if (tab) choose(tab);
  const button = event.target.closest("[data-copy]");
  if (button) copy(button, button.parentElement.querySelector("code").textContent);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.('[role="tab"]');
  if (!tab) return;
  const tabs = [...tab.parentElement.children];
  const at = tabs.indexOf(tab);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(tabs[next % tabs.length]);
  tabs[next % tabs.length].focus();
});

// Browsers fill in again what was typed before a reload.
changed();

// A picture that is dropped beside its place, or pasted anywhere, is for the first input that takes one. Left to the browser,
// a dropped file would be shown in place of this page, and what is typed would be gone.
for (const kind of ["dragover", "drop", "paste"]) document.addEventListener(kind, elsewhere);

function elsewhere(event) {
  const given = event.clipboardData ?? event.dataTransfer;
  if (event.defaultPrevented || !given?.types.includes("Files")) return;
  event.preventDefault();
  if (event.type !== "dragover") files.values().next().value?.take(given);
}

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
  clear();
  changed();
}

// What follows from the inputs is asked for when they have stood still for a moment; a late answer to an old question is dropped.
function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 250);
}

async function ask() {
  const mine = ++questions;
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  for (const [name, input] of files) for (const each of input.described()) body.append(name, each);
  let text;
  try {
    const answer = await asked(form.dataset.now, { method: "POST", body });
    if (!answer.ok) return;
    text = await answer.text();
  } catch (error) {
    if (error instanceof SignedOut) signedOut();
    return;
  }
  if (mine === questions && !sending) show(text);
}

function show(text) {
  const now = document.getElementById("now");
  const open = [...now.querySelectorAll("details[open]")].map((each) => each.id);
  const language = now.querySelector('[role="tab"][aria-selected="true"]')?.id;
  const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
  now.innerHTML = text;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (language) choose(document.getElementById(language));
  if (focused) document.getElementById(focused)?.focus();
  const price = `Price ${now.querySelector(".price").textContent.trim()}`;
  const said = document.getElementById("said");
  if (said.textContent !== price) said.textContent = price;
}

async function run() {
  const button = document.getElementById("make");
  clear();
  sending = true;
  button.disabled = true;
  button.textContent = "Sending …";
  try {
    const body = new FormData(form);
    for (const [name, input] of files) input.append(body, name);
    const answer = await asked(form.action, { method: "POST", body });
    const said = await answer.json();
    if (said.result) {
      location.assign(`/clips/${said.taskid}`);
      return;
    }
    refused(said.errors ?? []);
  } catch (error) {
    if (error instanceof SignedOut) signedOut();
    else complain("The server cannot be reached, so nothing was made. What you typed is still here; try again.");
  }
  sending = false;
  button.disabled = false;
  button.textContent = "Make the clip";
}

// In another tab: what is typed here stays.
function signedOut() {
  const link = document.createElement("a");
  link.href = signIn();
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = "Sign in again in another tab";
  const place = document.getElementById("run-wrong");
  place.replaceChildren("Your session has ended. ", link, ", then come back here and go on: what you typed stays.");
  place.hidden = false;
}

// Each beside its input; what is about none, only if that is all there is.
function refused(errors) {
  const told = errors.map(({ message, details }) => ({ text: details || message, name: `${message} ${details}`.match(/\[(\w+)\]/)?.[1] }));
  const placed = told.filter(({ name }) => document.getElementById(`input-${name}`));
  for (const { text, name } of placed.reverse()) {
    const field = document.getElementById(`input-${name}`);
    field.setAttribute("aria-invalid", "true");
    field.focus();
    complain(/^Request parameter \[\w+\] required$/.test(text) ? "Fill this in." : text.replace(/^\[\w+\] /, ""), `${field.id}-wrong`);
  }
  if (!placed.length) complain(told.map(({ text }) => text).join(" "));
}

function complain(text, place = "run-wrong") {
  document.getElementById(place).textContent = text;
  document.getElementById(place).hidden = false;
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
