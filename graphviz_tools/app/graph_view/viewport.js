// Which part of the picture the stage shows. Pure functions, no DOM.
//
// A view {x, y, k}: the picture's point (x, y) lies in the stage's top left corner, and one unit of the picture is k
// pixels. A picture is its viewBox {x, y, width, height}; a stage is {width, height, bottom} in pixels, where `bottom`
// is the strip that the buttons cover.

export const MARGIN = 12;
const MAX_FIT = 1.25; // a picture of three cards should not shout
const LEGIBLE = 0.65; // below this the smallest text, 10 units, is not readable
const MAX_ZOOM = 8;
const KEPT_IN_SIGHT = 64;

const between = (low, value, high) => Math.max(low, Math.min(high, value));

function scales(picture, stage) {
  return {
    across: Math.min((stage.width - 2 * MARGIN) / picture.width, MAX_FIT),
    down: Math.min((stage.height - stage.bottom - MARGIN) / picture.height, MAX_FIT),
  };
}

function centred(picture, stage, k, top) {
  const spare = stage.height - stage.bottom - picture.height * k;
  return {
    x: picture.x - (stage.width - picture.width * k) / (2 * k),
    y: picture.y - (top ? MARGIN : Math.max(spare / 2, 0)) / k,
    k,
  };
}

/** The whole picture, however small it gets. */
export function wholeView(picture, stage) {
  const { across, down } = scales(picture, stage);
  return centred(picture, stage, Math.min(across, down), false);
}

/** The whole picture while its text is readable so; else its full width, from the top. */
export function firstView(picture, stage) {
  const { across, down } = scales(picture, stage);
  const fits = down >= Math.min(across, LEGIBLE);
  return fits ? wholeView(picture, stage) : centred(picture, stage, across, true);
}

/** One unit a pixel, around the middle of what is seen now. */
export function actualSize(view, picture, stage) {
  return zoomedAt(view, { x: stage.width / 2, y: (stage.height - stage.bottom) / 2 }, 1 / view.k, picture, stage);
}

/** Zoom by `factor`, keeping the picture's point under `at` (stage pixels) where it is. */
export function zoomedAt(view, at, factor, picture, stage) {
  const least = Math.min(wholeView(picture, stage).k * 0.8, 0.5);
  const k = between(least, view.k * factor, MAX_ZOOM);
  return { x: view.x + at.x / view.k - at.x / k, y: view.y + at.y / view.k - at.y / k, k };
}

/** Move the picture by (dx, dy) pixels. */
export function panned(view, dx, dy) {
  return { x: view.x - dx / view.k, y: view.y - dy / view.k, k: view.k };
}

/** Two fingers went from `before` to `now` (pairs of stage points): the picture stays under both. */
export function pinched(view, before, now, picture, stage) {
  const [from, to] = [middle(before), middle(now)];
  const factor = apart(now) / Math.max(apart(before), 1);
  return panned(zoomedAt(view, from, factor, picture, stage), to.x - from.x, to.y - from.y);
}

const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);

/** The nearest view that keeps a corner of the picture in sight. */
export function kept(view, picture, stage) {
  const reach = KEPT_IN_SIGHT / view.k;
  return {
    x: between(picture.x + reach - stage.width / view.k, view.x, picture.x + picture.width - reach),
    y: between(picture.y + reach - stage.height / view.k, view.y, picture.y + picture.height - reach),
    k: view.k,
  };
}

/** The least move that brings a box of the picture into sight, or fills the stage with it where it is larger. */
export function revealed(view, box, stage) {
  const shift = (low, high, size) => {
    const [before, after] = [low - MARGIN, high - (size - MARGIN)];
    const larger = high - low > size - 2 * MARGIN;
    return larger ? Math.max(before, 0) + Math.min(after, 0) : Math.min(before, 0) + Math.max(after, 0);
  };
  const place = (value, origin) => (value - origin) * view.k;
  const dx = shift(place(box.x, view.x), place(box.x + box.width, view.x), stage.width);
  const dy = shift(place(box.y, view.y), place(box.y + box.height, view.y), stage.height - stage.bottom);
  return panned(view, -dx, -dy);
}

/** The stage became another size: what was in the middle stays there. */
export function resized(view, before, now) {
  return panned(view, (now.width - before.width) / 2, (now.height - before.height) / 2);
}

/** The viewBox that shows `view` on a stage. */
export function viewBox(view, stage) {
  return [view.x, view.y, stage.width / view.k, stage.height / view.k].map((v) => v.toFixed(3)).join(" ");
}

/** The CSS transform that makes a picture drawn for `settled` look as `view` does. */
export function transform(settled, view) {
  const [x, y] = [(settled.x - view.x) * view.k, (settled.y - view.y) * view.k];
  return `translate(${x.toFixed(3)}px, ${y.toFixed(3)}px) scale(${(view.k / settled.k).toFixed(6)})`;
}

/** Between two views at time t in 0..1: zoom evenly in the logarithm, slow at the end. */
export function tween(from, to, t) {
  const done = 1 - (1 - t) ** 3;
  const k = from.k * (to.k / from.k) ** done;
  // Around the point that both views show in the same place, x and y are linear in 1 / k.
  const part = Math.abs(to.k / from.k - 1) < 1e-6 ? done : (1 / k - 1 / from.k) / (1 / to.k - 1 / from.k);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, k };
}

/** How much one wheel event zooms. A pinch on a trackpad comes as a wheel with `ctrlKey` and small deltas. */
export function wheelFactor({ deltaY, deltaMode, ctrlKey }) {
  const pixels = deltaY * [1, 16, 400][deltaMode];
  return Math.exp(-between(-240, pixels, 240) * (ctrlKey ? 0.01 : 0.0015));
}
