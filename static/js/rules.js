// The rule builder: plain buttons and selects do everything; this only makes it smoother.

// By keyboard, Alt with an arrow moves the condition or group that has the focus --------------------
document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const part = event.target.closest?.("#rule-builder .rules-row, #rule-builder .rules-group .rules-group");
  const button = part?.querySelector(`[data-move="${event.key === "ArrowUp" ? "up" : "down"}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// What is typed while an answer is on its way stays ---------------------------------------------------
// A select asks for its row to be drawn anew; whoever goes on typing meanwhile must lose nothing.
const fields = () => [...document.querySelectorAll("#rule-builder :is(input:not([type=hidden]), textarea, select)[id]")];
const states = () => new Map(fields().map((field) => [field.id, field.value]));
let sent = null;
let typed = [];

const redraws = (event) => event.detail.requestConfig?.parameters?.step === "fields";

document.addEventListener("htmx:beforeSend", (event) => {
  if (redraws(event)) sent = states();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  typed = redraws(event) && sent ? fields().filter((field) => sent.has(field.id) && sent.get(field.id) !== field.value) : [];
  typed = typed.map((field) => [field.id, field.value]);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field && field.value !== value) {
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  typed = [];
});
