// The rule builder by keyboard: Alt with an arrow moves the condition or group that has the focus.
// Everything else is plain buttons; htmx swaps what they answer and focuses what asks for it.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const part = event.target.closest?.("#rule-builder .rules-row, #rule-builder .rules-group .rules-group");
  const button = part?.querySelector(`[data-move="${event.key === "ArrowUp" ? "up" : "down"}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});
