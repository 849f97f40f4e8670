// A clip that is being made: what the socket tells of it, in place. Reloading begins anew with all that was told before.

const clip = document.getElementById("clip");
const MOST_LOG = 200_000;
const DOING = JSON.parse(clip.dataset.doing);
let failures = 0;

watch();
document.addEventListener("click", (event) => {
  const share = event.target.closest("[data-share]");
  if (share) copy(share);
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
    const told = JSON.parse(event.data);
    over = ["task_postprocess_end", "task_cancel"].includes(told.type);
    if (over) socket.close();
    else show(progress, told);
  });
  // The server closes it after a failure, too. What became of the clip is on the page then; if it goes on, it is watched again.
  socket.addEventListener("close", () => setTimeout(refresh, over ? 0 : Math.min(500 * 2 ** failures++, 8000)));
}

async function refresh() {
  const answer = await fetch(`/clips/${clip.dataset.clip}/body`).catch(() => null);
  if (answer?.ok) clip.innerHTML = await answer.text();
  watch();
}

function show(progress, told) {
  const bar = progress.querySelector("[data-bar]");
  const figures = progress.querySelector("[data-figures]");
  const log = clip.querySelector("[data-log]");
  const message = told.message;
  if (DOING[told.type] && !["task_output", "task_error"].includes(told.type)) {
    progress.querySelector("[data-doing]").textContent = DOING[told.type];
    bar.removeAttribute("value");
    figures.textContent = "";
  } else if (told.type === "task_output" && message && typeof message === "object" && message.stepTotal) {
    progress.querySelector("[data-doing]").textContent = message.task === "Generate" ? "Making the clip" : message.task;
    bar.value = Number(message.percentage);
    const parts = [`step ${message.stepCurrent} of ${message.stepTotal}`, `${message.speed} ${message.speedType}`];
    if (message.remainingTime && message.remainingTime !== "0s") parts.push(`${message.remainingTime} left`);
    figures.textContent = parts.join(" · ");
  } else if (["task_output", "task_error"].includes(told.type) && typeof message === "string") {
    log.append(`${message}\n`);
    if (log.textContent.length > MOST_LOG) log.textContent = log.textContent.slice(-MOST_LOG);
    log.scrollTop = log.scrollHeight;
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(new URL(button.dataset.share, location.href).href);
  const before = button.innerHTML;
  button.textContent = "Copied";
  setTimeout(() => (button.innerHTML = before), 1500);
}
