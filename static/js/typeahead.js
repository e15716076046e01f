// Suggestions under a text field. The server sends <li role=option> lines; without a script the
// form around the field searches in the usual way.
//
// <input data-typeahead="/clients/find/?options=1" role="combobox" aria-controls="list-id" …>
//   data-typeahead-key="id"   a chosen line puts its key into that hidden field
//   data-typeahead-go         a chosen line opens its address
//   data-typeahead-many       the field holds several names with commas; the last one is asked for
const WAIT = 120;
const COMMA = /[,，、;；]/;

function connect(input) {
  if (input.dataset.ready) return;
  input.dataset.ready = "1";
  const box = input.closest("[data-ta]");
  const list = document.getElementById(input.getAttribute("aria-controls"));
  const status = box.querySelector("[data-ta-status]");
  const many = "typeaheadMany" in input.dataset;
  const key = () => document.getElementById(input.dataset.typeaheadKey);
  let wait;
  let asked = 0;
  let composing = false;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");
  const pieces = () => input.value.split(COMMA);
  const needle = () => (many ? pieces().at(-1) : input.value).trim();

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const mark = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const take = (option) => {
    if ("typeaheadGo" in input.dataset) { location.assign(option.dataset.url); return; }
    if (many) input.value = [...pieces().slice(0, -1).map((name) => name.trim()), option.dataset.title].join(", ") + ", ";
    else input.value = option.dataset.title;
    const field = input.dataset.typeaheadKey && key();
    if (field) field.value = option.dataset.value;
    close();
    input.dispatchEvent(new CustomEvent("typeahead:chosen", { bubbles: true, detail: { value: option.dataset.value } }));
  };

  const ask = async () => {
    const mine = ++asked;
    const text = needle();
    if (!text && !many) { close(); return; }
    try {
      const link = input.dataset.typeahead;
      const answer = await fetch(`${link}${link.includes("?") ? "&" : "?"}q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
      if (mine !== asked) return;
      if (answer.headers.get("HX-Redirect")) { location.assign(answer.headers.get("HX-Redirect")); return; }
      if (!answer.ok) { close(); return; }
      list.innerHTML = await answer.text();
    } catch {
      close();
      return;
    }
    if (mine !== asked || document.activeElement !== input) return;
    options().forEach((option, number) => { option.id = `${list.id}-${number}`; });
    status.textContent = list.querySelector("[data-said]")?.textContent ?? "";
    list.hidden = !options().length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    // Enter takes the first client; a tag that is typed may be a new one.
    mark(many || "typeaheadGo" in input.dataset ? null : options()[0]);
  };

  const step = (by) => {
    const all = options();
    if (list.hidden || !all.length) { ask(); return; }
    mark(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
  };

  // An input method shows its own list: ask when the word is finished.
  input.addEventListener("compositionstart", () => { composing = true; });
  input.addEventListener("compositionend", () => { composing = false; ask(); });
  input.addEventListener("input", () => {
    const field = input.dataset.typeaheadKey && key();
    if (field) field.value = "";
    if (composing) return;
    clearTimeout(wait);
    wait = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); step(-1); }
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.key === "Enter" && !list.hidden && chosen()) { event.preventDefault(); take(chosen()); }
    if (event.key === "Tab" && !list.hidden && chosen() && !many && !("typeaheadGo" in input.dataset)) take(chosen());
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("mousemove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) mark(option);
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}

const connectAll = () => document.querySelectorAll("[data-typeahead]").forEach(connect);
connectAll();
document.addEventListener("htmx:load", connectAll);
