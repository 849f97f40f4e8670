// Light or dark, before anything is painted: what was chosen here, otherwise what the system has.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("theme") || (dark.matches ? "dark" : "light");
  const show = () => document.documentElement.setAttribute("data-theme", chosen());
  dark.addEventListener("change", show);
  addEventListener("storage", show);
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-button]")) return;
    localStorage.setItem("theme", chosen() === "dark" ? "light" : "dark");
    show();
  });
  show();
})();
