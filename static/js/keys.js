// Single keys. Silent in fields, while an input method composes, with a dialog open, and when the
// person has switched them off.
const OFF = "tandem.keys.off";
const PAIR_MS = 1200;

function off() {
  try { return localStorage.getItem(OFF) === "1"; } catch { return false; }
}

const toggle = document.querySelector("[data-single-keys]");
if (toggle) {
  toggle.checked = !off();
  toggle.addEventListener("change", () => {
    try { localStorage.setItem(OFF, toggle.checked ? "0" : "1"); } catch { /* a private window keeps nothing */ }
  });
}

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]");

// Lines of lists ----------------------------------------------------------------------------------
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
const at = () => document.querySelector("[data-row].at");

function move(by) {
  const all = rows();
  if (!all.length) return;
  const now = all.indexOf(at());
  const next = all[Math.min(all.length - 1, Math.max(0, now + (now < 0 ? 1 : by)))];
  at()?.classList.remove("at");
  next.classList.add("at");
  next.querySelector("a, button, input")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const inRow = {
  j: () => move(1),
  k: () => move(-1),
  x: () => at()?.querySelector("[data-select]")?.click(),
  e: () => at()?.querySelector("[data-done], [data-edit]")?.click(),
  Enter: () => at()?.querySelector("a[href]")?.click(),
};

// Dialog of quick-add -----------------------------------------------------------------------------
const quick = document.getElementById("quick-add");

async function quickAdd(address) {
  const place = quick.querySelector("[data-dialog-body]");
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
    const elsewhere = answer.headers.get("HX-Redirect");
    if (elsewhere) { location.assign(elsewhere); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    place.innerHTML = await answer.text();
  } catch {
    location.assign(address);
    return;
  }
  window.htmx?.process(place);
  if (!quick.open) quick.showModal();
  place.querySelector("input:not([type=hidden]), textarea")?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-quick-add]");
  if (!link || !quick || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  link.closest("[data-menu-d]")?.removeAttribute("open");
  quickAdd(link.href);
});

// Keys --------------------------------------------------------------------------------------------
// The second key after g; links carry the pair in data-hotkey.
const go = new Set(["o", "w", "b", "g", "s", "c", "l", "r", "i"]);
let first = "";
let since = 0;

function hotkey(keys) {
  const target = document.querySelector(`[data-hotkey="${CSS.escape(keys)}"]`);
  target?.click();
  return Boolean(target);
}

function single(key) {
  if (key === "?") { document.getElementById("shortcuts")?.showModal(); return true; }
  if ((key === "n" || key === "c") && quick) { quickAdd(quick.dataset.url); return true; }
  if (key === "Enter") {
    // A focused link or button answers Enter itself.
    if (document.activeElement?.closest("a, button, summary") || !at()) return false;
  }
  if (key in inRow) { inRow[key](); return true; }
  return hotkey(key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") {
    const form = event.target.closest("form");
    if (form) { event.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || off()) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (first && Date.now() - since < PAIR_MS) {
    const pair = `${first} ${event.key}`;
    first = "";
    if (go.has(event.key) && hotkey(pair)) event.preventDefault();
    return;
  }
  if (event.key === "g") { first = "g"; since = Date.now(); return; }
  if (single(event.key)) event.preventDefault();
});
