// The graph on the page: selection, neighbours, keys and words around the server's SVG.
//
// graph_view.py joins the files of this folder into the one module that Streamlit loads. Streamlit calls the default
// export again whenever the data or the theme changes; the picture's view and the selection live here, not in Python.

import { Camera } from "./camera.js";
import { readSvg } from "./clean.js";
import { watchGestures } from "./gestures.js";
import { flowOf, linksOf, moveOf, stepFrom } from "./walk.js";

const views = new WeakMap(); // parentElement -> GraphView
const memories = new Map(); // key -> what a component that is mounted anew goes on with
const BUTTON_ZOOM = 1.3;

export default function mount(component) {
  const { parentElement, data, setStateValue } = component;
  let view = views.get(parentElement);
  if (!view?.frame.isConnected) {
    view?.close();
    view = new GraphView(parentElement.querySelector(".graph-view"), data);
    views.set(parentElement, view);
  }
  view.report = (node) => setStateValue("selected", node);
  view.update(data);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}

class GraphView {
  constructor(frame, data) {
    frame.style.setProperty("--height", `${data.height}px`); // before the camera measures it
    const part = (name) => frame.querySelector(`.${name}`);
    Object.assign(this, { frame, stage: part("stage"), bar: part("bar"), badge: part("badge") });
    Object.assign(this, { spoken: part("spoken"), keys: part("keys") });
    this.source = null;
    this.selected = null; // also while the picture has no such node: it may come back
    this.selectedEdge = null;
    this.tabStop = null;
    this.cameFrom = null;
    this.lit = [];
    this.cards = new Map();
    this.wires = new Map();
    this.outlines = new Map();
    this.camera = new Camera(this.stage, this.bar, (camera) => this.onMove(camera));
    watchGestures(this.camera);
    this.listen();
  }

  listen() {
    const actions = {
      zoom_in: () => this.camera.zoom(BUTTON_ZOOM),
      zoom_out: () => this.camera.zoom(1 / BUTTON_ZOOM),
      reset: () => this.camera.reset(),
      fit: () => this.camera.fit(),
    };
    this.actions = actions;
    this.bar.addEventListener("click", (event) => actions[event.target.closest("button")?.name]?.());
    this.stage.addEventListener("click", (event) => this.onClick(event.target));
    this.stage.addEventListener("keydown", (event) => this.onKey(event));
    this.stage.addEventListener("pointerover", (event) => event.pointerType === "touch" || this.onHover(event.target));
    this.stage.addEventListener("pointerleave", () => this.light([]));
    this.stage.addEventListener("focusin", (event) => this.onFocus(event.target));
  }

  update(data) {
    const memory = memories.get(data.key);
    if (this.source === null && memory) this.resume(memory);
    this.name(data.words);
    this.frame.style.setProperty("--height", `${data.height}px`);
    this.fallback = data.fallback;
    if (data.svg !== this.source) this.load(data);
    else if (this.marked) this.mark();
    this.key = data.key;
    this.graphKey = data.graph_key;
    this.frame.classList.toggle("stale", data.stale);
    this.badge.textContent = this.broken ? data.words.broken : data.stale ? data.words.stale : "";
  }

  name(words) {
    this.words = words;
    this.stage.setAttribute("aria-label", words.graph);
    this.keys.textContent = words.keys;
    for (const button of this.bar.children) {
      button.title = words[button.name];
      button.setAttribute("aria-label", words[button.name]);
    }
    this.bar.querySelector("[name=fit]").textContent = words.fit;
    this.onMove(this.camera);
  }

  /** Take over from a component with this key that Streamlit has removed, and tell Python, which has forgotten. */
  resume({ selected, graphKey, view, mode }) {
    Object.assign(this, { selected, graphKey });
    Object.assign(this.camera, { view, mode });
    if (selected !== null) this.report(selected);
  }

  close() {
    const { view, mode } = this.camera;
    memories.set(this.key, { selected: this.selected, graphKey: this.graphKey, view, mode });
    this.camera.close();
  }

  load({ svg: text, edges, graph_key: graphKey }) {
    const read = readSvg(text);
    this.source = text;
    this.broken = !read;
    if (this.broken) return;
    const focused = this.stage.getRootNode().activeElement?.dataset?.node;
    const { svg, picture } = read;
    svg.setAttribute("width", "100%");
    svg.setAttribute("height", "100%");
    svg.setAttribute("preserveAspectRatio", "xMinYMin meet");
    svg.setAttribute("role", "none"); // the stage around it has the name
    svg.classList.add("picture");
    this.index(svg, edges);
    this.stage.replaceChildren(svg);
    this.light([]);
    this.marked = false;
    this.camera.show(svg, picture, graphKey === this.graphKey);
    if (this.marked) this.cards.get(focused)?.focus({ preventScroll: true });
  }

  /** Find the cards and edges of the picture. A part is what dims as a whole: a card, an edge with its tag, ... */
  index(svg, edges) {
    const byData = (name) =>
      new Map([...svg.querySelectorAll(`[data-${name}]`)].map((element) => [element.dataset[name], element]));
    this.cards = byData("node");
    this.wires = byData("edge");
    this.edges = edges.filter(([source, target]) => this.cards.has(source) && this.cards.has(target));
    this.links = linksOf(this.edges);
    const shapes = [...svg.querySelectorAll("[data-node], [data-edge], .node, .edge")];
    this.parts = shapes.filter((shape) => !shape.parentElement.closest("[data-node], [data-edge], .node, .edge"));
    for (const part of this.parts) part.classList.add("part");
    if (!this.wires.has(this.selectedEdge)) this.selectedEdge = null;
  }

  /** Where the cards stand. Called once the picture is visible, and before frames around cards widen them. */
  measure() {
    const toPicture = this.camera.svg.getScreenCTM().inverse();
    this.outlines = new Map([...this.cards].map(([id, card]) => [id, card.getBBox()]));
    this.boxes = new Map();
    for (const [id, card] of this.cards) {
      this.boxes.set(id, moved(this.outlines.get(id), toPicture.multiply(card.getScreenCTM())));
    }
    this.flow = flowOf(this.edges, this.boxes);
    this.marked = true;
    this.mark();
  }

  onClick(target) {
    const card = target.closest("[data-node]");
    const wire = target.closest("[data-edge]");
    if (card) this.select(card.dataset.node);
    else if (wire) this.selectEdge(wire.dataset.edge);
  }

  /** An edge's contribution is a term of its source's gradient, so the source is what Python hears of. */
  selectEdge(id) {
    const source = this.edges.find(([, , edge]) => edge === id)?.[0];
    if (source !== undefined) this.select(source, id);
  }

  select(id, edge = null) {
    const changed = id !== this.selected;
    this.selected = id;
    this.selectedEdge = edge;
    this.cameFrom = null;
    this.mark();
    const card = this.cards.get(id);
    this.spoken.textContent = card?.getAttribute("aria-label") ?? "";
    if (card) this.camera.reveal(this.boxes.get(id));
    if (changed) this.report(id);
  }

  /** The node that is drawn as selected: the reader's, or the page's while the reader has none here. */
  get shown() {
    return [this.selected, this.fallback].find((id) => this.cards.has(id)) ?? null;
  }

  /** Put the marks of the selection, and the one tab stop, where they belong. */
  mark() {
    for (const marked of this.stage.querySelectorAll("[aria-selected]")) {
      marked.removeAttribute("aria-selected");
      marked.removeAttribute("aria-current");
    }
    this.stage.querySelector(".glow")?.remove();
    const { shown } = this;
    const card = this.cards.get(shown);
    for (const element of [card, this.wires.get(this.selectedEdge)]) element?.setAttribute("aria-selected", "true");
    card?.setAttribute("aria-current", "true");
    if (card) this.frameCard(card, "glow", 2);
    this.stopAt(card ? shown : this.cards.has(this.tabStop) ? this.tabStop : this.cards.keys().next().value);
  }

  stopAt(id) {
    this.cards.get(this.tabStop)?.setAttribute("tabindex", "-1");
    this.tabStop = id;
    this.cards.get(id)?.setAttribute("tabindex", "0");
  }

  onFocus(target) {
    const card = target.closest("[data-node]");
    if (!card) return;
    this.stopAt(card.dataset.node);
    this.stage.querySelector(".focus-ring")?.remove();
    this.frameCard(card, "focus-ring", 5);
    if (card.matches(":focus-visible")) this.camera.reveal(this.boxes.get(card.dataset.node));
  }

  onKey(event) {
    const id = event.target.closest("[data-node]")?.dataset.node;
    if (id === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const { zoom_in: nearer, zoom_out: farther, reset, fit } = this.actions;
    const enter = () => this.select(id);
    const ends = { Home: 0, End: -1 };
    const keys = { Enter: enter, " ": enter, Escape: () => this.select(null), "+": nearer, "=": nearer, "-": farther };
    Object.assign(keys, { 0: reset, f: fit });
    if (event.key in ends) keys[event.key] = () => this.focus([...this.cards.keys()].at(ends[event.key]));
    if (event.key.startsWith("Arrow")) keys[event.key] = () => this.walk(id, event.key);
    if (!keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }

  walk(id, key) {
    const next = stepFrom(id, moveOf(key, this.flow), this);
    if (next === null) return;
    this.cameFrom = id;
    this.focus(next);
  }

  focus(id) {
    this.cards.get(id).focus({ preventScroll: true });
  }

  onHover(target) {
    if (this.stage.classList.contains("dragging")) return;
    const part = target.closest(".part");
    if (part === this.hovered) return;
    this.hovered = part;
    if (!part) this.light([]);
    else if (part.dataset.node !== undefined) this.light(this.around(part));
    else if (part.dataset.edge !== undefined) this.light(this.along(part));
    else this.light([]);
  }

  around(card) {
    const { operands, users, edges } = this.links.get(card.dataset.node) ?? { operands: [], users: [], edges: [] };
    const saved = this.parts.filter((part) => part.id.startsWith(`saved-${card.dataset.node}-`));
    const cards = [...operands, ...users].map((id) => this.cards.get(id));
    return [card, ...saved, ...cards, ...edges.map((id) => this.wires.get(id))];
  }

  along(wire) {
    const edge = this.edges.find(([, , id]) => id === wire.dataset.edge);
    return edge ? [wire, this.cards.get(edge[0]), this.cards.get(edge[1])] : [];
  }

  light(parts) {
    for (const part of this.lit) part.classList.remove("lit");
    this.lit = parts.filter(Boolean);
    for (const part of this.lit) part.classList.add("lit");
    this.camera.svg?.classList.toggle("dimming", this.lit.length > 0);
    if (!this.lit.length) this.hovered = null;
  }

  onMove(camera) {
    if (camera.settled && !this.marked) this.measure();
    this.stage.classList.toggle("near", camera.near);
    const reset = this.bar.querySelector("[name=reset]");
    const percent = camera.settled ? `${Math.round(camera.view.k * 100)}%` : "100%";
    if (reset.textContent === percent && this.percentWords === this.words) return;
    this.percentWords = this.words;
    reset.textContent = percent;
    if (this.words) reset.setAttribute("aria-label", `${percent} · ${this.words.reset}`);
  }

  /** A rounded frame behind a card, `gap` units outside it. */
  frameCard(card, name, gap) {
    const { x, y, width, height } = this.outlines.get(card.dataset.node);
    const frame = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const rx = Math.min(12, height / 3) + gap;
    const numbers = { x: x - gap, y: y - gap, width: width + 2 * gap, height: height + 2 * gap, rx };
    for (const [attribute, value] of Object.entries(numbers)) frame.setAttribute(attribute, value);
    frame.setAttribute("class", name);
    card.prepend(frame);
  }
}

/** The box around a box that a matrix has moved. */
function moved({ x, y, width, height }, matrix) {
  const [start, end] = [new DOMPoint(x, y), new DOMPoint(x + width, y + height)].map((p) => p.matrixTransform(matrix));
  return { x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y };
}
