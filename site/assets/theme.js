// Light or dark as the system says, or as the reader chose here. It runs before
// the page is shown, so that nothing flashes.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : system.matches;

  const remembered = (() => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  })();
  if (remembered) root.dataset.theme = remembered;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("site-theme");
    const name = () => {
      button.textContent = isDark() ? "Light" : "Dark";
    };
    button.hidden = false;
    name();
    system.addEventListener("change", name);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      name();
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // A browser that keeps nothing has it for this page.
      }
    });
  });
}
