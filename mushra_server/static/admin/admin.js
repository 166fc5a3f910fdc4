// Parts of the page that change by themselves are fetched again: each element with data-live="SECONDS".
// A part is left alone while somebody works in it.

const parts = [...document.querySelectorAll("[data-live]")];
const seconds = Math.min(...parts.map((part) => Number(part.dataset.live)));

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = [...page.querySelectorAll("[data-live]")];
  if (fresh.length !== parts.length) return;
  parts.forEach((part, index) => {
    if (part.contains(document.activeElement) || part.innerHTML === fresh[index].innerHTML) return;
    part.replaceChildren(...fresh[index].childNodes);
    for (const image of part.querySelectorAll("img.chart"))
      image.src = `${image.src}?t=${Date.now()}`;
  });
}

if (parts.length > 0) {
  setInterval(() => {
    if (!document.hidden) refresh().catch(() => {});
  }, 1000 * seconds);
}
