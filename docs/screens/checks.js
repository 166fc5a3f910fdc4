// What a program can see of a screen; docs/screens/checks.py runs each function in the page.

/** Everything that is wider than the window, cut off, or on top of something else. */
export const findFaults = () => {
  const found = new Set();
  const named = (element) => {
    const name =
      [...element.classList].map((part) => "." + part).join("") || (element.id && "#" + element.id);
    return (
      element.tagName.toLowerCase() +
      (name || "") +
      " " +
      JSON.stringify(element.textContent.trim().slice(0, 40))
    );
  };
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth)
    found.add(`wider than the window: ${root.scrollWidth} px of ${innerWidth}`);
  const seen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !element.closest(".visually-hidden, [hidden], dialog:not([open])");
  const layer = (element) => {
    // what is stuck to an edge covers what scrolls below it
    for (let at = element; at; at = at.parentElement)
      if (
        ["sticky", "fixed"].includes(getComputedStyle(at).position) ||
        at.matches("dialog, .panel")
      )
        return at;
    return null;
  };
  const clipped = (style) =>
    style.textOverflow !== "ellipsis" && // which says itself that there is more
    [style.overflowX, style.overflowY].some((value) => ["hidden", "clip"].includes(value));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, option, noscript") || !seen(parent))
      continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    // What is scrolled away or ends in an ellipsis is not seen, and not cut off either.
    const view = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
    let tiny = false;
    for (let at = parent; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const edge = at.getBoundingClientRect();
      if (style.clipPath !== "none" || (edge.width <= 1 && clipped(style))) tiny = true;
      if (tiny || style.overflow === "visible") continue;
      const beyond =
        Math.max(box.right - edge.right, edge.left - box.left) > 1.5 ||
        Math.max(box.bottom - edge.bottom, edge.top - box.top) > 2;
      if (beyond && clipped(style)) found.add(`cut off: ${named(parent)}`);
      for (const side of ["left", "top"]) view[side] = Math.max(view[side], edge[side]);
      for (const side of ["right", "bottom"]) view[side] = Math.min(view[side], edge[side]);
    }
    if (tiny) continue;
    if (Math.min(box.right, view.right) > innerWidth + 1 || Math.max(box.left, view.left) < -1)
      found.add(`outside the window: ${named(parent)}`);
    for (const part of range.getClientRects()) {
      const rect = { ...view };
      for (const side of ["left", "top"]) rect[side] = Math.max(view[side], part[side]);
      for (const side of ["right", "bottom"]) rect[side] = Math.min(view[side], part[side]);
      texts.push({ parent, rect, layer: layer(parent) });
    }
  }
  const crosses = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  texts.forEach((one, n) => {
    for (const other of texts.slice(n + 1))
      if (one.parent !== other.parent && one.layer === other.layer && crosses(one.rect, other.rect))
        found.add(`over each other: ${named(one.parent)} and ${named(other.parent)}`);
  });
  const controls = [
    ...document.querySelectorAll("button, a[href], select, textarea, input, summary"),
  ]
    .filter((element) => seen(element) && !element.matches(".slider-input"))
    .map((element) => ({ element, rect: element.getBoundingClientRect(), layer: layer(element) }))
    .filter(({ rect }) => rect.width > 1 && rect.height > 1);
  controls.forEach((one, n) => {
    for (const other of controls.slice(n + 1))
      if (
        one.layer === other.layer &&
        !one.element.contains(other.element) &&
        crosses(one.rect, other.rect)
      )
        found.add(`over each other: ${named(one.element)} and ${named(other.element)}`);
    for (const { parent, rect, layer: of } of texts)
      if (
        of === one.layer &&
        !one.element.contains(parent) &&
        !parent.closest("label")?.contains(one.element) &&
        crosses(one.rect, rect)
      )
        found.add(`over each other: ${named(one.element)} and ${named(parent)}`);
  });
  return [...found];
};

/** Whether the focused element looks different and is not covered; null where nothing has the focus. */
export const lookAtFocus = () => {
  const element = document.activeElement;
  if (!element || element === document.body || element.localName === "iframe") return null;
  const box = element.getBoundingClientRect();
  const name =
    element.getAttribute("aria-label") ||
    element.textContent.trim().slice(0, 40) ||
    element.id ||
    element.className;
  const shows = [
    element,
    element.parentElement,
    ...element.parentElement.querySelectorAll("*"),
  ].some((part) => {
    const style = getComputedStyle(part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  const covered =
    !top ||
    !(
      element.contains(top) ||
      top.contains(element) ||
      element.parentElement.contains(top) ||
      top.closest("label")?.contains(element)
    );
  const shot = `${element.tagName} ${name}`;
  return {
    shot,
    fault: !shows ? `no visible focus: ${shot}` : covered ? `focus is covered: ${shot}` : null,
  };
};
