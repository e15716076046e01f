// Menu, theme, toasts, dialogs and what happens when a request fails. Everything here has a way
// without a script.
const root = document.documentElement;
const body = document.body;

// Drawer of the phone -----------------------------------------------------------------------------
const opener = document.querySelector("[data-menu]");
const side = document.getElementById("side");

function drawer(open) {
  body.classList.toggle("menu", open);
  opener.setAttribute("aria-expanded", String(open));
  if (open) side.querySelector("a, summary").focus();
  else opener.focus();
}

if (opener) {
  opener.setAttribute("role", "button");
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", "side");
  opener.addEventListener("click", (event) => { event.preventDefault(); drawer(!body.classList.contains("menu")); });
  document.querySelector("[data-menu-close]").addEventListener("click", (event) => { event.preventDefault(); drawer(false); });
}

// Menus made of <details> -------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu-d][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("[data-menu-d][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  else if (body.classList.contains("menu")) drawer(false);
});

for (const input of document.querySelectorAll("[data-narrow]")) {
  const lines = [...document.getElementById(input.dataset.narrow).children];
  input.hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const line of lines) line.hidden = !line.textContent.toLowerCase().includes(wanted);
  });
}

// Theme -------------------------------------------------------------------------------------------
document.querySelector("[data-theme-form]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const data = new FormData(form, event.submitter);
  root.dataset.bsTheme = data.get("theme");
  fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } }).catch(() => {});
  form.querySelector(`[value="${data.get("theme") === "dark" ? "light" : "dark"}"]`).focus();
});

// Toasts ------------------------------------------------------------------------------------------
const TOAST_MS = 10000;

function toast(box) {
  if (box.dataset.ready) return;
  box.dataset.ready = "1";
  let left = TOAST_MS;
  let since = 0;
  let timer;
  const close = () => { clearTimeout(timer); box.classList.add("gone"); setTimeout(() => box.remove(), 200); };
  const run = () => { since = Date.now(); timer = setTimeout(close, left); };
  const pause = () => { clearTimeout(timer); left = Math.max(2000, left - (Date.now() - since)); };
  const button = box.querySelector("[data-toast-close]");
  if (button) { button.hidden = false; button.addEventListener("click", close); }
  box.addEventListener("mouseenter", pause);
  box.addEventListener("mouseleave", run);
  box.addEventListener("focusin", pause);
  box.addEventListener("focusout", run);
  // What went wrong stays until it is read.
  if (!box.classList.contains("error")) run();
}

function toasts() { document.querySelectorAll("[data-toast]").forEach(toast); }

function say(text) {
  const box = document.createElement("div");
  box.className = "toast-t error";
  box.dataset.toast = "";
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  document.getElementById("toasts").append(box);
  toast(box);
  setTimeout(() => box.remove(), TOAST_MS);
}

toasts();
document.addEventListener("htmx:load", toasts);

const words = document.getElementById("toasts")?.dataset ?? {};
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 403) say(words.refused);
  else if (status === 404) say(words.missing);
  else say(words.failed);
});
document.addEventListener("htmx:sendError", () => say(words.offline));

// Wide tables: a frame that can be pushed sideways is reached with the keyboard and says what it holds
function nameOf(frame) {
  const near = frame.closest("section")?.querySelector("h2, h3");
  const named = frame.querySelector("caption") ?? near ?? document.querySelector("h1");
  return named?.textContent.trim() ?? "";
}

function mark(frame) {
  if (frame.scrollWidth > frame.clientWidth) {
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", nameOf(frame));
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) frame.removeAttribute(name);
  }
}

const frames = new ResizeObserver((seen) => seen.forEach(({ target }) => mark(target)));

function watchFrames() {
  for (const frame of document.querySelectorAll(".tbl-w")) {
    mark(frame);
    frames.observe(frame);
  }
}

watchFrames();
document.addEventListener("htmx:load", watchFrames);

// Dialogs: a button or link with data-dialog="id" opens <dialog id> --------------------------------
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dialog]");
  if (button) {
    event.preventDefault();
    document.getElementById(button.dataset.dialog).showModal();
  } else if (event.target.matches?.("dialog[open]")) {
    event.target.close();
  }
});

// Copy --------------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const value = button.dataset.copy;
  const source = value.startsWith("#") && document.querySelector(value);
  navigator.clipboard?.writeText(source ? (source.value ?? source.textContent).trim() : value).then(() => {
    button.dataset.done = "1";
    setTimeout(() => delete button.dataset.done, 1500);
  });
});
