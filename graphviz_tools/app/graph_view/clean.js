// The server's SVG as DOM nodes, with everything left out that is not drawing. Values and names in it are the user's.

const DRAWING = new Set(
  ("svg g path polygon polyline line rect circle ellipse text tspan defs linearGradient radialGradient stop " +
    "clipPath title desc").split(" "),
);
const UNWRAPPED = new Set(["a"]); // a link goes, the drawing inside stays
const LOADING = new Set(["href", "src"]);
const SVG = "http://www.w3.org/2000/svg";

/** True for an attribute that neither runs a script nor loads anything from elsewhere. */
export function isHarmless(name, value) {
  const bare = name.toLowerCase().replace(/^.*:/, "");
  if (bare.startsWith("on") || LOADING.has(bare)) return false;
  if (isText(bare)) return true;
  // A backslash could spell url( so that no search finds it; drawing needs none.
  const text = value.replace(/\s/g, "").toLowerCase();
  return !/\\|url\((?!["']?#)|image-set\(|javascript:|data:/.test(text);
}

// Words for people and keys for us: no browser reads code or addresses there.
const isText = (name) => name === "id" || name.startsWith("aria-") || name.startsWith("data-");

function cleanElement(element) {
  for (const { name, value } of [...element.attributes]) {
    if (!isHarmless(name, value)) element.removeAttribute(name);
  }
  for (const child of [...element.childNodes]) {
    if (child.nodeType === Node.TEXT_NODE) continue;
    if (child.nodeType !== Node.ELEMENT_NODE) child.remove();
    else if (child.namespaceURI === SVG && DRAWING.has(child.localName)) cleanElement(child);
    else if (UNWRAPPED.has(child.localName)) unwrap(child);
    else child.remove();
  }
}

function unwrap(element) {
  cleanElement(element);
  element.replaceWith(...element.childNodes);
}

/** A clean `<svg>` element with its picture's box, or null where the text is no SVG with a viewBox. */
export function readSvg(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.localName !== "svg" || parsed.namespaceURI !== SVG) return null;
  if (parsed.querySelector("parsererror")) return null;
  const [x, y, width, height] = (parsed.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
  if (!(width > 0 && height > 0)) return null;
  cleanElement(parsed);
  parsed.removeAttribute("style"); // the one element that CSS could place over the page
  return { svg: document.importNode(parsed, true), picture: { x, y, width, height } };
}
