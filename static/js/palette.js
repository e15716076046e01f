// Ctrl K: search and commands. The server sends the list; a link without a script opens the page.
const dialog = document.getElementById("palette");

if (dialog) {
  const input = dialog.querySelector("input");
  const results = dialog.querySelector("[data-palette-results]");
  let wait;
  let asked = 0;
  let composing = false;

  const options = () => [...results.querySelectorAll("[role=option]")];
  const chosen = () => results.querySelector("[aria-selected=true]");

  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const all = options();
    if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
  };

  const ask = async () => {
    const mine = ++asked;
    try {
      const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(input.value)}`, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
      if (answer.headers.get("HX-Redirect")) { location.assign(answer.headers.get("HX-Redirect")); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      if (mine !== asked) return;
      results.innerHTML = text;
      choose(options()[0]);
    } catch {
      if (mine !== asked) return;
      const line = document.createElement("p");
      line.className = "pal-n";
      line.textContent = results.dataset.failed;
      results.replaceChildren(line);
    }
  };

  const open = () => {
    if (dialog.open) return;
    document.querySelectorAll("dialog[open]").forEach((other) => other.close());
    input.value = "";
    dialog.showModal();
    ask();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open(); }
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });

  // An input method shows its own list: ask when the word is finished.
  input.addEventListener("compositionstart", () => { composing = true; });
  input.addEventListener("compositionend", () => { composing = false; ask(); });
  input.addEventListener("input", () => {
    if (composing) return;
    clearTimeout(wait);
    wait = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    // A search field would take the first Esc to empty itself.
    if (event.key === "Escape") { event.preventDefault(); dialog.close(); }
    if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); step(-1); }
    if (event.key === "Enter") {
      const link = chosen();
      if (link) { event.preventDefault(); link.click(); }
    }
  });
  results.addEventListener("mousemove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  results.addEventListener("click", (event) => {
    if (event.target.closest("[data-quick-add]")) dialog.close();
  });
}
