// Parts of a page that are fetched anew while somebody looks: <div id="now" data-live="/where" data-every="3">.
// What did not change stays as it is, and so does everything where somebody is typing or has opened something.

for (const region of document.querySelectorAll("[data-live]")) follow(region);

function follow(region) {
  let known = "";
  let failures = 0;
  const pause = Number(region.dataset.every || 3) * 1000;
  const look = async () => {
    if (document.visibilityState === "visible" && !isHeld(region)) {
      const address = region.dataset.live;
      const answer = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
      if (answer?.redirected) return location.reload();
      failures = answer?.ok ? 0 : failures + 1;
      tell(region, failures > 1);
      if (answer?.ok) {
        const text = await answer.text();
        if (text !== known && address === region.dataset.live && !isHeld(region)) {
          known = text;
          show(region, text);
        }
      }
    }
    setTimeout(look, Math.min(pause * 2 ** failures, 30000));
  };
  setTimeout(look, pause);
}

function isHeld(region) {
  const active = document.activeElement;
  return region.contains(active) && active.matches("input, select, textarea") || Boolean(document.querySelector("dialog[open]"));
}

function show(region, text) {
  const open = [...region.querySelectorAll("details[id][open]")].map((each) => each.id);
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  region.innerHTML = text;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus();
  region.dispatchEvent(new CustomEvent("live:shown", { bubbles: true }));
}

const stale = new Set();

// Once for all parts of a page.
function tell(region, isStale) {
  if (isStale) stale.add(region);
  else stale.delete(region);
  const said = document.getElementById("stale");
  if (!stale.size) said?.remove();
  if (!stale.size || said) return;
  const toast = document.createElement("p");
  toast.id = "stale";
  toast.className = "toast";
  toast.textContent = "The server does not answer. What stands here is what it said last.";
  document.getElementById("toasts").append(toast);
}
