// What a page of the studio does by itself: buttons that copy a text, the plan, uploads.

import "./upload.js";

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
  document.querySelectorAll("button[data-copy]")
)) {
  button.hidden = !navigator.clipboard;
  const text = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = text), 2000);
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
  // Not as multipart/form-data, of which the server takes 100 parts.
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(choices)) body.append(name, String(value));
  body.set("only", "plan");
  const answer = await fetch(choices.action, { method: "POST", body });
  if (!answer.ok || mine !== asked) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  plan.replaceChildren(...fresh.body.childNodes);
  lookAgain();
}

/** @param {number} ms */
function replanIn(ms) {
  clearTimeout(timer);
  timer = setTimeout(() => replan().catch(() => {}), ms);
}

/** The number of listeners takes seconds to compute, which the page does not wait for. */
function lookAgain() {
  if (plan?.querySelector("[data-pending]")) replanIn(1000);
}

choices?.addEventListener("input", () => replanIn(400));
lookAgain();
