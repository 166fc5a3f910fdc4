// The experimenter's ribbon: which page of which session is shown, how large, in which scheme.

const SIZES = { desktop: [1280, 800], phone: [390, 844], sideways: [844, 390] };
const POLL_MS = 1000;
const STEP_MS = 700; // per page of a walk-through: long enough to see it

/**
 * @template {HTMLElement} E
 * @param {string} id
 * @returns {E}
 */
const element = (id) => /** @type {E} */ (document.getElementById(id));
const frame = /** @type {HTMLIFrameElement} */ (element("frame"));
const stage = element("stage");
const pages = /** @type {HTMLSelectElement} */ (element("pages"));
const slot = /** @type {HTMLInputElement} */ (element("slot"));
const walk = element("walk");
const status = element("status");

let index = 0;
let wanted = 0; // the page to show once the frame has loaded
let version = 0;
let walking = 0;

/** @param {object} what */
const send = (what) => frame.contentWindow?.postMessage(what, location.origin);

/** @param {string} text */
const say = (text) => (status.textContent = text);

/** Show a session of the chosen row from its start, at the page that was shown before. */
async function start() {
  stopWalk();
  if (!slot.checkValidity()) return;
  wanted = index;
  const answer = await fetch("preview/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ slot: slot.valueAsNumber - 1 }),
  });
  if (answer.ok) frame.src = "./";
  else say((await answer.json()).error);
}

/** @param {MessageEvent} event */
function follow(event) {
  if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
  const found = JSON.parse(event.data);
  index = found.index;
  pages.replaceChildren(
    ...found.pages.map(
      (
        /** @type {{ title: string, type: string, kind: string | null }} */ page,
        /** @type {number} */ n,
      ) => {
        const kind = page.kind === "training" ? ", training" : "";
        const name = `${n + 1}. ${page.title || page.type} (${page.type}${kind})`;
        return new Option(name, String(n), false, n === index);
      },
    ),
  );
  if (index >= found.pages.length) pages.selectedIndex = -1;
  if (wanted > 0 && wanted < found.pages.length && index !== wanted) send({ show: wanted });
  wanted = 0;
}

function fit() {
  const chosen = document.querySelector("input[name=size]:checked");
  const [width, height] = SIZES[/** @type {keyof typeof SIZES} */ (chosen?.getAttribute("value"))];
  const box = stage.getBoundingClientRect();
  const scale = Math.min(1, (box.width - 32) / width, (box.height - 32) / height);
  frame.width = String(width);
  frame.height = String(height);
  frame.style.transform = `scale(${scale})`;
  frame.style.margin = `${(height * (scale - 1)) / 2}px ${(width * (scale - 1)) / 2}px`; // what it leaves free
  const scheme = document.querySelector("input[name=scheme]:checked");
  frame.style.colorScheme = scheme?.getAttribute("value") ?? "light";
}

function stopWalk() {
  clearInterval(walking);
  walking = 0;
  walk.textContent = "Walk through";
}

function toggleWalk() {
  if (walking) {
    stopWalk();
    return;
  }
  walk.textContent = "Stop";
  walking = setInterval(() => {
    if (index >= pages.length) stopWalk();
    else send({ fill: true, pass: true });
  }, STEP_MS);
}

async function look() {
  const answer = await fetch("preview/state").catch(() => null);
  const state = await answer?.json().catch(() => null);
  if (!state) say("The server was stopped.");
  else if (state.error) say(`config.yaml: ${state.error}`);
  else if (state.version !== version) {
    version = state.version;
    say("The study was read again.");
    await start();
  }
}

window.addEventListener("message", follow);
new ResizeObserver(fit).observe(stage);
pages.addEventListener("change", () => send({ show: Number(pages.value) }));
slot.addEventListener("change", start);
element("back").addEventListener("click", () => send({ show: index - 1 }));
element("forward").addEventListener("click", () => send({ show: index + 1 }));
element("fill").addEventListener("click", () => send({ fill: true }));
walk.addEventListener("click", toggleWalk);
for (const input of document.querySelectorAll("input[type=radio]"))
  input.addEventListener("change", fit);
fit();
start();
setInterval(look, POLL_MS);
