// What a page of the studio does by itself: buttons that copy a text, an upload that is not sent in vain, the plan.

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

// What is too large is refused before it is sent.
for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (
  document.querySelectorAll("input[data-max-gib]")
)) {
  input.addEventListener("change", () => {
    const most = Number(input.dataset.maxGib);
    const gib = [...(input.files ?? [])].reduce((sum, file) => sum + file.size, 0) / 2 ** 30;
    const sentence = `This is ${gib.toFixed(1)} GiB; expected at most ${most}. Choose fewer or shorter sounds.`;
    input.setCustomValidity(gib > most ? sentence : "");
    input.reportValidity();
  });
}

// The plan of a study follows its form while it is filled in.
const choices = /** @type {HTMLFormElement | null} */ (document.querySelector("#choices"));
const plan = document.querySelector("#plan");
let timer = 0;
let asked = 0;

async function replan() {
  if (!choices || !plan) return;
  const mine = ++asked;
  const body = new FormData(choices);
  body.set("only", "plan");
  const answer = await fetch(choices.action, { method: "POST", body });
  if (!answer.ok || mine !== asked) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  plan.replaceChildren(...fresh.body.childNodes);
}

choices?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => replan().catch(() => {}), 400);
});
