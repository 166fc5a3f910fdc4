// What a page of the studio does by itself: buttons that copy a text.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
  document.querySelectorAll("button[data-copy]")
)) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    const text = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = text), 2000);
  });
}
