// Lists and pages of tasks: the bar for chosen lines appears when it can do something; Esc leaves a
// form of one field. Without this script all forms are there and work.
document.documentElement.dataset.script = "1";

function bulk() {
  const form = document.querySelector("[data-bulk-form]");
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "1";
  const bar = form.querySelector("[data-bulk]");
  const all = form.querySelector("[data-select-all]");
  const lines = [...form.querySelectorAll("[data-select]")];
  const count = bar.querySelector("[data-bulk-count]");
  const show = () => {
    const chosen = lines.filter((line) => line.checked).length;
    bar.hidden = !chosen;
    bar.disabled = !chosen;
    bar.dataset.live = "1";
    count.textContent = count.dataset.bulkCount.replace("{n}", String(chosen));
    all.checked = chosen === lines.length;
    all.indeterminate = chosen > 0 && chosen < lines.length;
  };
  all.hidden = false;
  all.addEventListener("change", () => { for (const line of lines) line.checked = all.checked; show(); });
  form.addEventListener("change", show);
  show();
}

bulk();
document.addEventListener("htmx:load", bulk);

document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.("[data-esc]");
  if (form) location.assign(form.dataset.esc);
});
