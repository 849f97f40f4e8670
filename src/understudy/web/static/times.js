// Times are told by their age. That goes on being true while a page stands open; the moment itself, in the zone of whoever looks, is
// told under the pointer.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];
const TOLD = /^(just now|\d+ (s|min|h|d) ago)$/;
const EVERY = 10_000;

// By the server's clock: this machine's may be wrong.
const ahead = Date.now() - Date.parse(document.querySelector('meta[name="now"]').content);

setInterval(() => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    if (!TOLD.test(time.textContent)) continue;
    const text = ago((Date.now() - ahead - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}, EVERY);

document.addEventListener("pointerover", (event) => {
  const time = event.target.closest?.("time[datetime]");
  const at = time && new Date(time.dateTime);
  if (at && !Number.isNaN(at.valueOf())) time.title = at.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "long" });
});

// The same words as the server's.
function ago(passed) {
  for (const [seconds, unit] of UNITS) if (passed >= seconds) return `${Math.floor(passed / seconds)} ${unit} ago`;
  return passed < 10 ? "just now" : `${Math.floor(passed)} s ago`;
}
