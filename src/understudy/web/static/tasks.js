// The filter of the list: what is empty does not stand in the address, and the list goes on following what it shows.

const filter = document.getElementById("filter");
const found = document.getElementById("found");

filter.addEventListener("htmx:configRequest", (event) => {
  for (const [name, value] of [...event.detail.formData]) {
    if (!value) event.detail.formData.delete(name);
  }
});

// What is asked for by itself is what the address says now.
document.addEventListener("htmx:replacedInHistory", () => {
  found.dataset.live = `/operate/tasks/now${location.search}`;
});
