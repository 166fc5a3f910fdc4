// Parts of the page that change by themselves are fetched again: each element with data-live="SECONDS".
// A part that has the focus is left as it is.

/** @param {Document} page */
const partsOf = (page) => [
  .../** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-live]")),
];

const parts = partsOf(document);
const seconds = Math.min(...parts.map((part) => Number(part.dataset.live)));

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = partsOf(page);
  if (fresh.length !== parts.length) return;
  parts.forEach((part, index) => {
    if (part.contains(document.activeElement) || part.innerHTML === fresh[index].innerHTML) return;
    part.replaceChildren(...fresh[index].childNodes);
    const charts = /** @type {NodeListOf<HTMLImageElement>} */ (part.querySelectorAll("img.chart"));
    for (const image of charts) image.src = `${image.src}?t=${Date.now()}`;
  });
}

if (parts.length > 0) {
  setInterval(() => {
    if (!document.hidden) refresh().catch(() => {});
  }, 1000 * seconds);
}
