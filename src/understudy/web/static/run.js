// A clip that is being made: what the socket tells of it, in place. Reloading begins anew with all that was told before.
import { copy } from "./app.js";
import { asked, signIn, SignedOut } from "./session.js";

const clip = document.getElementById("clip");
const MOST_LOG = 200_000;
const DOING = JSON.parse(clip.dataset.doing);
const STAGES = JSON.parse(clip.dataset.stages);
const UNITS = { it: "step", frame: "frame", s: "second", prompt: "text" };
const QUEUED_EVERY = 3000;
let failures = 0;

watch();
setInterval(askPlace, QUEUED_EVERY);
document.addEventListener("click", (event) => {
  const share = event.target.closest("[data-share]");
  if (share) copy(share, new URL(share.dataset.share, location.href).href);
});

function watch() {
  const progress = clip.querySelector("[data-token]");
  if (!progress) return;
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1`);
  let over = false;
  clip.querySelector("[data-log]").textContent = "";
  socket.addEventListener("open", () => {
    socket.send(JSON.stringify({ type: "task_info", tasktoken: progress.dataset.token }));
  });
  socket.addEventListener("message", (event) => {
    failures = 0;
    clip.querySelector("[data-away]").hidden = true;
    const told = JSON.parse(event.data);
    over = ["task_postprocess_end", "task_cancel"].includes(told.type);
    if (over) socket.close();
    else show(progress, told);
  });
  // The server closes it after a failure, too. What became of the clip is on the page then; if it goes on, it is watched again.
  socket.addEventListener("close", () => setTimeout(refresh, over ? 0 : pause()));
}

function pause() {
  return Math.min(500 * 2 ** failures++, 8000);
}

async function refresh() {
  const text = await fetched("body");
  if (text === null) {
    const away = clip.querySelector("[data-away]");
    if (away && failures > 1) away.hidden = false;
    setTimeout(refresh, pause());
    return;
  }
  const open = clip.querySelector(".log")?.open;
  clip.innerHTML = text;
  if (open) clip.querySelector(".log").open = true;
  watch();
}

// How many are before it, as long as it waits.
async function askPlace() {
  const progress = clip.querySelector('[data-stage="waiting"]');
  if (!progress || document.visibilityState !== "visible") return;
  const text = await fetched("place");
  if (!text || progress.dataset.stage !== "waiting") return;
  const place = new DOMParser().parseFromString(text, "text/html");
  say(progress.querySelector("[data-doing]"), place.querySelector("[data-title]").textContent);
  say(progress.querySelector("[data-figures]"), place.querySelector("[data-more]").textContent.trim());
}

// A part of this page; null if it cannot be had now.
async function fetched(part) {
  try {
    const answer = await asked(`/clips/${clip.dataset.clip}/${part}`);
    return answer.ok ? await answer.text() : null;
  } catch (error) {
    if (error instanceof SignedOut) location.assign(signIn());
    return null;
  }
}

function show(progress, told) {
  const bar = progress.querySelector("[data-bar]");
  const doing = progress.querySelector("[data-doing]");
  const figures = progress.querySelector("[data-figures]");
  const message = told.message;
  if (told.type === "task_output" && message?.stepTotal) {
    progress.dataset.stage = "running";
    say(doing, STAGES[message.task] ?? message.task);
    // Of a single step nothing can be said before its end.
    if (message.stepTotal === "1") bar.removeAttribute("value");
    else bar.value = Number(message.percentage);
    say(figures, words(message));
  } else if (["task_output", "task_error"].includes(told.type)) {
    if (typeof message === "string") write(message);
  } else if (told.type === "task_queue") {
    progress.dataset.stage = "waiting";
    bar.removeAttribute("value");
    askPlace();
  } else if (DOING[told.type]) {
    progress.dataset.stage = "running";
    say(doing, DOING[told.type]);
    bar.removeAttribute("value");
    say(figures, "");
  }
}

// Readers of a screen hear of what changes, so what does not is left alone.
function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function write(line) {
  const log = clip.querySelector("[data-log]");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(`${line}\n`);
  if (log.textContent.length > MOST_LOG) log.textContent = log.textContent.slice(-MOST_LOG);
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function words({ stepCurrent, stepTotal, speed, speedType, elapsedTime, remainingTime }) {
  const unit = speedType.replace(/\/s$/, "");
  const parts = unit === "%" ? [`${stepCurrent}%`] : stepTotal === "1" ? [] : [`${UNITS[unit] ?? unit} ${stepCurrent} of ${stepTotal}`];
  const [step, elapsed, remaining] = [stepCurrent, elapsedTime, remainingTime].map(Number.parseFloat);
  if (unit === "it" && step > 0) parts.push(speed >= 1 ? `${speed} steps a second` : `${(elapsed / step).toFixed(1)} s a step`);
  if (remaining > 0) parts.push(`${duration(remaining)} left`);
  return parts.join(" · ");
}

function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 && minutes < 10 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}
