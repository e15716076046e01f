// Ticked clients of a list: one box ticks the page, the bar says how many and shows what is needed.
// Without a script every field of the bar stands there and the form is sent as it is.
function connect(form) {
  if (form.dataset.ready) return;
  form.dataset.ready = "1";
  const boxes = [...form.querySelectorAll("input[name=clients]")];
  const all = form.querySelector("[data-bulk-all]");
  const count = form.querySelector("[data-bulk-count]");
  const action = form.querySelector("[data-bulk-action]");
  const nothing = count.textContent;

  const say = () => {
    const n = boxes.filter((box) => box.checked).length;
    count.textContent = n ? (n === 1 ? count.dataset.one : count.dataset.many.replace("{n}", n)) : nothing;
    all.checked = n === boxes.length;
    all.indeterminate = n > 0 && n < boxes.length;
    form.classList.toggle("ticked", n > 0);
  };
  const choose = () => form.querySelectorAll("[data-bulk-for]").forEach((part) => { part.hidden = part.dataset.bulkFor !== action.value; });

  all.hidden = false;
  all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); say(); });
  form.addEventListener("change", say);
  action.addEventListener("change", choose);
  choose();
  say();
}

const connectAll = () => document.querySelectorAll("[data-bulk]").forEach(connect);
connectAll();
document.addEventListener("htmx:load", connectAll);
addEventListener("pageshow", connectAll);
