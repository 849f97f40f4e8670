// A log that grows is followed at its end, unless the reader has gone back in it.

const left = new Set();

document.addEventListener("scroll", (event) => {
  const stream = event.target.dataset?.stream;
  if (!stream) return;
  const atEnd = event.target.scrollHeight - event.target.scrollTop - event.target.clientHeight < 40;
  if (atEnd) left.delete(stream);
  else left.add(stream);
}, true);

document.addEventListener("live:shown", toEnd);
toEnd();

function toEnd() {
  for (const stream of document.querySelectorAll("[data-stream]")) {
    if (!left.has(stream.dataset.stream)) stream.scrollTop = stream.scrollHeight;
  }
}
