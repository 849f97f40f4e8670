// Two clips in step: the left one leads, the right one is set to its time whenever they drift apart.

const MOST_APART = 0.08; // seconds: two frames at 24 a second

document.getElementById("choice").addEventListener("change", (event) => event.currentTarget.requestSubmit());

const videos = [...document.querySelectorAll("#pair video")];
const [lead, follow] = videos;
const button = document.querySelector("[data-play]");
const seek = document.querySelector("[data-seek]");

if (lead && follow) {
  button.addEventListener("click", () => (lead.paused ? play() : pause()));
  seek.addEventListener("input", () => {
    const at = (seek.value / 1000) * length();
    for (const video of videos) video.currentTime = Math.min(at, video.duration || at);
    tell();
  });
  for (const radio of document.querySelectorAll('[name="sound"]')) radio.addEventListener("change", () => sound(radio.value));
  for (const video of videos) {
    video.addEventListener("ended", ended);
    video.addEventListener("durationchange", tell);
    video.addEventListener("error", () => broken(video));
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !(lead.paused && follow.paused)) pause();
  });
  requestAnimationFrame(step);
} else if (button) {
  for (const control of [button, seek, ...document.querySelectorAll('[name="sound"]')]) control.disabled = true;
}

function length() {
  return Math.max(...videos.map((video) => video.duration || 0));
}

async function play() {
  if (videos.every((video) => video.ended)) for (const video of videos) video.currentTime = 0;
  await Promise.all(videos.filter((video) => !video.ended).map((video) => video.play().catch(() => {})));
  button.querySelector("span").textContent = "Pause both";
}

function pause() {
  for (const video of videos) video.pause();
  button.querySelector("span").textContent = "Play both";
}

function ended() {
  if (videos.every((video) => video.ended || video.paused)) button.querySelector("span").textContent = "Play both";
}

// For those who do not see the slider.
function tell() {
  const at = Math.max(lead.currentTime, follow.currentTime);
  seek.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${length().toFixed(1)} seconds`);
}

function broken(video) {
  const note = document.createElement("p");
  note.className = "empty";
  note.textContent = "This clip cannot be played here. Its files may be deleted; its page tells.";
  video.replaceWith(note);
  pause();
  button.disabled = true;
}

function sound(side) {
  for (const video of videos) video.muted = video.dataset.side !== side;
}

function step() {
  if (!lead.paused && !follow.paused && Math.abs(lead.currentTime - follow.currentTime) > MOST_APART) follow.currentTime = lead.currentTime;
  if (!lead.paused || !follow.paused) {
    seek.value = String((1000 * Math.max(lead.currentTime, follow.currentTime)) / (length() || 1));
    tell();
  }
  requestAnimationFrame(step);
}
