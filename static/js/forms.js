// Small helps of forms: drafts, selects that send themselves, drop areas, one click one post.

// Drafts: <textarea data-draft="name"> keeps what was typed until its form was accepted --------------
const PREFIX = "tandem.draft.";
const store = (work) => { try { return work(localStorage); } catch { return null; } };

function draft(field) {
  if (field.dataset.ready) return;
  field.dataset.ready = "1";
  const key = PREFIX + field.dataset.draft;
  const kept = store((s) => s.getItem(key));
  if (kept && !field.value) field.value = kept;
  field.addEventListener("input", () => store((s) => (field.value ? s.setItem(key, field.value) : s.removeItem(key))));
  // A full post leaves the page: the mark says "sent", and the draft goes when the next page loads.
  field.form?.addEventListener("submit", () => store((s) => s.setItem(`${key}.sent`, "1")));
}

function drafts() {
  document.querySelectorAll("[data-draft]").forEach(draft);
}

function forgetSent() {
  store((s) => {
    for (const mark of Object.keys(s).filter((name) => name.startsWith(PREFIX) && name.endsWith(".sent"))) {
      const key = mark.slice(0, -5);
      const field = [...document.querySelectorAll("[data-draft]")].find((one) => PREFIX + one.dataset.draft === key);
      // The same field came back with an error beside it: what was typed is not stored yet.
      if (!field?.classList.contains("is-invalid") && !field?.form?.querySelector(".is-invalid, .alert-danger")) s.removeItem(key);
      s.removeItem(mark);
    }
  });
}

forgetSent();
drafts();
document.addEventListener("htmx:load", drafts);
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful || event.detail.requestConfig.verb === "get") return;
  for (const field of event.detail.elt.querySelectorAll?.("[data-draft]") ?? []) {
    store((s) => { s.removeItem(PREFIX + field.dataset.draft); s.removeItem(`${PREFIX}${field.dataset.draft}.sent`); });
  }
});

// <select data-submit> sends its form when it changes -------------------------------------------------
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// Two clicks are one post ---------------------------------------------------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (form.dataset.sending) { event.preventDefault(); return; }
  form.dataset.sending = "1";
  setTimeout(() => delete form.dataset.sending, 5000);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach((form) => delete form.dataset.sending));

// Drop areas ------------------------------------------------------------------------------------------
document.addEventListener("dragover", (event) => {
  const area = event.target.closest?.(".drop");
  if (area) { event.preventDefault(); area.classList.add("over"); }
});
document.addEventListener("dragleave", (event) => event.target.closest?.(".drop")?.classList.remove("over"));
document.addEventListener("drop", (event) => {
  const area = event.target.closest?.(".drop");
  if (!area) return;
  event.preventDefault();
  area.classList.remove("over");
  const input = area.querySelector("input[type=file]");
  if (event.dataTransfer.files.length) {
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
