// Runs before the first paint: the choice of the person stands in the page already, otherwise the
// system decides.
(() => {
  const root = document.documentElement;
  // Buttons that only serve pages without scripts hide themselves; see .needs-no-script.
  root.dataset.script = "1";
  if (root.dataset.bsTheme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  follow();
  dark.addEventListener("change", follow);
})();
