// The study author's HTML, rebuilt from an allow-list: unknown elements are unwrapped, unknown attributes dropped.

const ELEMENTS = new Set(
  (
    "A ABBR AUDIO B BLOCKQUOTE BR CODE DD DIV DL DT EM FIGCAPTION FIGURE H1 H2 H3 H4 H5 HR I IMG KBD LI OL P PRE Q S SMALL " +
    "SOURCE SPAN STRONG SUB SUP TABLE TBODY TD TFOOT TH THEAD TR U UL"
  ).split(" "),
);
const DROPPED = new Set(
  "SCRIPT STYLE IFRAME OBJECT EMBED TEMPLATE NOSCRIPT SVG MATH FORM INPUT BUTTON TEXTAREA SELECT HEAD".split(
    " ",
  ),
);
/** @type {Record<string, string[]>} */
const ATTRIBUTES = {
  A: ["href", "title"],
  AUDIO: ["src"],
  IMG: ["src", "alt", "width", "height"],
  SOURCE: ["src"],
  TD: ["colspan", "rowspan"],
  TH: ["colspan", "rowspan", "scope"],
};
const EVERYWHERE = ["lang", "dir"];

/**
 * Turn trusted-enough HTML into a fragment that cannot run anything.
 *
 * @param {string} html
 */
export function sanitize(html) {
  const parsed = new DOMParser().parseFromString(String(html ?? ""), "text/html");
  const fragment = document.createDocumentFragment();
  copyChildren(parsed.body, fragment);
  return fragment;
}

/**
 * @param {Node} from
 * @param {Element | DocumentFragment} to
 */
function copyChildren(from, to) {
  for (const node of from.childNodes) {
    if (node instanceof Text) to.append(node.data);
    else if (node instanceof Element) copyElement(node, to);
  }
}

/**
 * @param {Element} node
 * @param {Element | DocumentFragment} to
 */
function copyElement(node, to) {
  const name = node.tagName.toUpperCase();
  if (DROPPED.has(name)) return;
  if (!ELEMENTS.has(name)) {
    copyChildren(node, to);
    return;
  }
  // The page's own title is the h1, so the author's headings start one below.
  const element = document.createElement(name === "H1" ? "h2" : name);
  for (const attribute of [...(ATTRIBUTES[name] ?? []), ...EVERYWHERE]) {
    const value = node.getAttribute(attribute);
    if (value !== null && safeValue(attribute, value)) element.setAttribute(attribute, value);
  }
  if (name === "A") {
    element.setAttribute("target", "_blank");
    element.setAttribute("rel", "noopener noreferrer");
  }
  if (element instanceof HTMLImageElement && !element.hasAttribute("alt")) element.alt = "";
  if (element instanceof HTMLAudioElement) element.controls = true;
  copyChildren(node, element);
  to.append(element);
}

/**
 * @param {string} attribute
 * @param {string} value
 */
function safeValue(attribute, value) {
  if (attribute !== "href" && attribute !== "src") return true;
  try {
    const { protocol, origin } = new URL(value, document.baseURI);
    // The server gives files of the study addresses of this origin; the browser loads none from elsewhere.
    return attribute === "href"
      ? ["http:", "https:", "mailto:"].includes(protocol)
      : origin === location.origin;
  } catch {
    return false;
  }
}
