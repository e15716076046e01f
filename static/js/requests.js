// The answer box of a request: a slash and some letters on a line of their own offer canned answers.

const SLASH = /^\/([^\n]*)$/;

function lineOf(box) {
  const start = box.value.lastIndexOf("\n", box.selectionStart - 1) + 1;
  return { start, text: box.value.slice(start, box.selectionStart) };
}

function close(box) {
  box.parentElement.querySelector(".requests-menu")?.remove();
  box.removeAttribute("aria-activedescendant");
}

function choose(box, option) {
  const { start } = lineOf(box);
  box.value = box.value.slice(0, start) + box.value.slice(box.selectionStart);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  close(box);
  const select = document.getElementById(box.dataset.canned);
  select.value = option.dataset.value;
  // The server fills in the names; without a script the same button is pressed by hand.
  box.form.querySelector("[name=insert]").click();
}

function mark(menu, step) {
  const options = [...menu.children];
  const now = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const next = (now + step + options.length) % options.length;
  options.forEach((one, place) => one.setAttribute("aria-selected", String(place === next)));
  menu.box.setAttribute("aria-activedescendant", options[next].id);
}

function offer(box) {
  close(box);
  const select = document.getElementById(box.dataset.canned);
  const found = SLASH.exec(lineOf(box).text);
  if (!select || !found) return;
  const wanted = found[1].trim().toLowerCase();
  const fits = [...select.options].filter((one) => one.value && one.text.toLowerCase().includes(wanted)).slice(0, 8);
  if (!fits.length) return;
  const menu = document.createElement("ul");
  menu.className = "requests-menu";
  menu.role = "listbox";
  menu.box = box;
  menu.append(...fits.map((one) => {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `canned-${one.value}`;
    item.textContent = one.text;
    item.dataset.value = one.value;
    item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(box, item); });
    return item;
  }));
  box.after(menu);
  mark(menu, 1);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-canned]")) offer(event.target);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches("textarea[data-canned]")) close(event.target);
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.parentElement?.querySelector(".requests-menu");
  if (!menu || !event.target.matches("textarea[data-canned]")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(menu, event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Enter" || event.key === "Tab") choose(event.target, menu.querySelector("[aria-selected=true]"));
  else if (event.key === "Escape") close(event.target);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
