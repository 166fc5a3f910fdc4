// Slider tracks as tall as the window allows, so that a trial is seen whole.

const LEAST = 190; // CSS pixels
const MOST = 378; // 10 cm: no slider needs more

/** Fit the tracks of `board` to the window, now and when it changes; returns a function that ends it. */
export function fitTracks(board) {
  const fit = () => {
    board.style.setProperty("--track", `${LEAST}px`);
    const spare = window.innerHeight - contentHeight();
    board.style.setProperty("--track", `${Math.min(MOST, LEAST + Math.max(0, spare))}px`);
  };
  const frame = requestAnimationFrame(fit);
  window.addEventListener("resize", fit);
  return () => {
    cancelAnimationFrame(frame);
    window.removeEventListener("resize", fit);
  };
}

function contentHeight() {
  const head = document.querySelector(".head").offsetHeight;
  const foot = document.querySelector(".foot").offsetHeight;
  const main = document.getElementById("main");
  const style = getComputedStyle(main);
  return (
    head +
    foot +
    main.firstElementChild.offsetHeight +
    parseFloat(style.paddingTop) +
    parseFloat(style.paddingBottom)
  );
}
