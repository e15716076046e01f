// The board: cards go by drag, by a "Move to" menu and by arrow keys. Every way posts the same
// form to the card's move page: column, and the neighbour above or below. The server keeps the
// order and answers with the card and the new counts; when it refuses, the card goes back.
const board = document.querySelector("[data-board]");
const live = document.getElementById("board-live");
const KEYS_OFF = "tandem.keys.off";

const lanes = () => [...board.querySelectorAll("[data-lane]")];
const cardsOf = (lane) => [...lane.querySelectorAll(":scope > .kc")];
const linkOf = (card) => card.querySelector(".kc-t");
const nameOf = (lane) => lane.closest(".lane").querySelector("h3").textContent.trim();

function say(text) {
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

function told(card) {
  const lane = card.closest("[data-lane]");
  const cards = cardsOf(lane);
  return board.dataset.moved
    .replace("{column}", nameOf(lane))
    .replace("{place}", String(cards.indexOf(card) + 1))
    .replace("{total}", String(cards.length));
}

function near(card, step) {
  let next = step < 0 ? card.previousElementSibling : card.nextElementSibling;
  while (next && !next.matches(".kc")) next = step < 0 ? next.previousElementSibling : next.nextElementSibling;
  return next;
}

function put(card, lane, before) {
  lane.insertBefore(card, before ?? lane.querySelector(":scope > [data-more], :scope > .lane-none"));
}

// Moves of one card wait for each other, so that the last one wins on the server too.
let queue = Promise.resolve();

function send(card, home, keepFocus) {
  const id = card.id;
  const values = { column: card.closest("[data-lane]").dataset.lane };
  const above = near(card, -1);
  const below = near(card, 1);
  if (above) values.after = above.dataset.id;
  else if (below) values.before = below.dataset.id;
  else values.place = "start";
  const address = card.querySelector("[data-move]").href + location.search;
  say(told(card));
  queue = queue.then(() => post(address, values)).then((fine) => {
    const now = document.getElementById(id);
    if (!now) return;
    if (!fine) {
      put(now, home.lane, home.next?.isConnected ? home.next : null);
      say(board.dataset.failed);
    }
    if (keepFocus) linkOf(now).focus({ preventScroll: true });
  });
}

async function post(address, values) {
  let fine = false;
  const done = (event) => { fine = Math.floor(event.detail.xhr.status / 100) === 2; };
  board.addEventListener("htmx:afterRequest", done);
  await window.htmx.ajax("POST", address, { source: board, target: board, swap: "none", values, headers: { "HX-Board": "1" } }).catch(() => {});
  board.removeEventListener("htmx:afterRequest", done);
  return fine;
}

const homeOf = (card) => ({ lane: card.closest("[data-lane]"), next: near(card, 1) });

// Drag ---------------------------------------------------------------------------------------------
function drag() {
  for (const lane of lanes()) {
    let home = null;
    window.Sortable.create(lane, {
      group: "board",
      draggable: ".kc",
      animation: 140,
      ghostClass: "ghost",
      delay: 150,
      delayOnTouchOnly: true,
      touchStartThreshold: 4,
      onStart: (event) => { home = homeOf(event.item); },
      onEnd: (event) => {
        const same = event.from === event.to && event.oldDraggableIndex === event.newDraggableIndex;
        if (!same) send(event.item, home, false);
      },
    });
    lane.dataset.sortable = "1";
  }
}

// Keys ---------------------------------------------------------------------------------------------
function sideways(card, step) {
  const all = lanes();
  return all[all.indexOf(card.closest("[data-lane]")) + step];
}

function go(card, key) {
  if (key === "ArrowUp" || key === "ArrowDown") return near(card, key === "ArrowUp" ? -1 : 1);
  const step = key === "ArrowLeft" ? -1 : 1;
  const place = cardsOf(card.closest("[data-lane]")).indexOf(card);
  for (let lane = sideways(card, step); lane; lane = lanes()[lanes().indexOf(lane) + step]) {
    const cards = cardsOf(lane);
    if (cards.length) return cards[Math.min(place, cards.length - 1)];
  }
  return null;
}

function shift(card, key) {
  const home = homeOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const other = near(card, key === "ArrowUp" ? -1 : 1);
    if (!other) return;
    if (key === "ArrowUp") put(card, home.lane, other);
    else put(card, home.lane, near(other, 1));
  } else {
    const lane = sideways(card, key === "ArrowLeft" ? -1 : 1);
    if (!lane) return;
    const place = cardsOf(home.lane).indexOf(card);
    put(card, lane, cardsOf(lane)[place]);
  }
  linkOf(card).focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  send(card, home, true);
}

function keysOff() {
  try { return localStorage.getItem(KEYS_OFF) === "1"; } catch { return false; }
}

function onKey(event) {
  const card = event.target.closest(".kc");
  if (!card || event.isComposing || event.ctrlKey || event.metaKey || event.target.closest(".pj-menu")) return;
  if (event.key === "m" && !event.altKey && !keysOff()) {
    event.preventDefault();
    open(card);
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    if (event.altKey) { shift(card, event.key); return; }
    const next = go(card, event.key);
    if (next) { linkOf(next).focus({ preventScroll: true }); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  }
}

// Menu ---------------------------------------------------------------------------------------------
let menu = null;

function close(back) {
  if (!menu) return;
  const card = menu.closest(".kc");
  menu.remove();
  menu = null;
  if (back) linkOf(card).focus();
}

function entry(text, work) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", work);
  menu.append(button);
}

function open(card) {
  close(false);
  menu = document.createElement("div");
  menu.className = "menu-p pj-menu";
  const head = document.createElement("p");
  head.textContent = board.dataset.to;
  menu.append(head);
  const here = card.closest("[data-lane]");
  for (const lane of lanes().filter((one) => one !== here)) {
    entry(nameOf(lane), () => {
      const home = homeOf(card);
      close(false);
      put(card, lane, null);
      linkOf(card).focus();
      send(card, home, true);
    });
  }
  if (near(card, -1)) entry(`↑ ${board.dataset.up}`, () => { close(false); shift(card, "ArrowUp"); });
  if (near(card, 1)) entry(`↓ ${board.dataset.down}`, () => { close(false); shift(card, "ArrowDown"); });
  card.append(menu);
  menu.querySelector("button")?.focus();
}

function onMenuKey(event) {
  if (!menu?.contains(event.target)) return;
  const all = [...menu.querySelectorAll("button")];
  const at = all.indexOf(event.target);
  if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); close(true); }
  else if (event.key === "ArrowDown") { event.preventDefault(); all[(at + 1) % all.length].focus(); }
  else if (event.key === "ArrowUp") { event.preventDefault(); all[(at - 1 + all.length) % all.length].focus(); }
}

if (board && window.htmx) {
  if (window.Sortable) drag();
  board.addEventListener("keydown", onMenuKey);
  board.addEventListener("keydown", onKey);
  board.addEventListener("click", (event) => {
    const link = event.target.closest("[data-move]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open(link.closest(".kc"));
  });
  // Left over from dragging; htmx would copy it to the new card, which the policy on styles refuses.
  document.addEventListener("htmx:oobBeforeSwap", (event) => event.detail.target.removeAttribute("style"));
  document.addEventListener("click", (event) => {
    if (menu && !event.target.closest(".kc")) close(false);
  });
}
