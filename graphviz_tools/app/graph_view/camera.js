// Moves the picture on the stage: a CSS transform while something moves (60 frames a second with 3,000 nodes), then
// the viewBox once it rests, which draws the text sharp again.

import { actualSize, firstView, kept, resized, revealed, wholeView, zoomedAt } from "./viewport.js";
import { transform, tween, viewBox } from "./viewport.js";

const REST = 140; // ms without movement
const GLIDE = 180; // ms from one view to another
const stillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Camera {
  /** `bar` covers the stage's bottom edge; `onMove` is called after every change of the view. */
  constructor(stage, bar, onMove) {
    Object.assign(this, { stage, bar, onMove, svg: null, picture: null, view: null, settled: null, mode: "first" });
    this.size = this.measure();
    this.observer = new ResizeObserver(() => this.onResize());
    this.observer.observe(stage);
  }

  close() {
    this.observer.disconnect();
    this.stop();
    clearTimeout(this.timer);
  }

  measure() {
    const { width, height } = this.stage.getBoundingClientRect();
    return { width, height, bottom: this.bar.offsetHeight };
  }

  /** Show another picture: as it is viewed now when `keep`, else from the start. */
  show(svg, picture, keep) {
    this.stop();
    Object.assign(this, { svg, picture, settled: null });
    if (!keep) this.mode = "first";
    this.rest();
  }

  /** The view that belongs to the mode; hidden stages (an unopened tab) have no size and wait. */
  rest() {
    clearTimeout(this.timer);
    if (!this.svg || !this.size.width || !this.size.height) return;
    this.first = firstView(this.picture, this.size);
    if (this.mode === "first") this.view = this.first;
    if (this.mode === "whole") this.view = wholeView(this.picture, this.size);
    this.view = kept(this.view, this.picture, this.size);
    this.settled = this.view;
    this.svg.setAttribute("viewBox", viewBox(this.view, this.size));
    this.svg.style.transform = "";
    this.svg.classList.remove("moving");
    this.onMove(this);
  }

  onResize() {
    const before = this.size;
    this.size = this.measure();
    if (Object.keys(before).every((side) => before[side] === this.size[side])) return;
    if (this.view && before.width && this.size.width) this.view = resized(this.view, before, this.size);
    this.stop();
    this.rest();
  }

  /** Look from `view` at once. */
  go(view) {
    if (!this.settled) return;
    this.stop();
    this.mode = "free";
    this.move(view);
  }

  move(view) {
    this.view = kept(view, this.picture, this.size);
    this.svg.classList.add("moving");
    this.svg.style.transform = transform(this.settled, this.view);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST);
    this.onMove(this);
  }

  /** Glide to `view`, or jump where motion is unwelcome. */
  glide(view, mode = "free") {
    if (!this.settled) return;
    this.stop();
    this.mode = mode;
    const [from, to] = [this.view, kept(view, this.picture, this.size)];
    this.goal = to;
    if (stillness()) {
      this.move(to);
      return;
    }
    this.svg.classList.add("moving");
    const start = performance.now();
    const frame = (now) => {
      const t = Math.min(Math.max((now - start) / GLIDE, 0), 1);
      this.move(tween(from, to, t));
      if (t < 1) this.frame = requestAnimationFrame(frame);
      else this.goal = null;
    };
    this.frame = requestAnimationFrame(frame);
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.goal = null;
  }

  /** Zoom around the middle; a second press while the first still glides adds to it. */
  zoom(factor) {
    if (!this.settled) return;
    const middle = { x: this.size.width / 2, y: (this.size.height - this.size.bottom) / 2 };
    this.glide(zoomedAt(this.goal ?? this.view, middle, factor, this.picture, this.size));
  }

  fit() {
    if (this.settled) this.glide(wholeView(this.picture, this.size), "whole");
  }

  reset() {
    if (this.settled) this.glide(actualSize(this.view, this.picture, this.size));
  }

  reveal(box) {
    if (!this.settled) return;
    const view = revealed(this.view, box, this.size);
    if (view.x !== this.view.x || view.y !== this.view.y) this.glide(view);
  }

  /** True when the reader has come nearer than the first view. */
  get near() {
    return Boolean(this.settled) && this.view.k > this.first.k * 1.01;
  }
}
