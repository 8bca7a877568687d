// Wheel, mouse and fingers to views.

import { panned, pinched, wheelFactor, zoomedAt } from "./viewport.js";

const DRAG = 4; // pixels; less is a click with an unsteady hand

/**
 * Listen on the camera's stage. One finger pans only when the reader has zoomed in: before, it scrolls the page.
 */
export function watchGestures(camera) {
  const { stage } = camera;
  const fingers = new Map(); // pointer id -> where it is, in stage pixels
  let grip = null; // {view, points}: the view when the present set of fingers took hold
  let dragged = false;

  const place = (event) => {
    const { left, top } = stage.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const takeHold = () => {
    grip = fingers.size ? { view: camera.view, points: [...fingers.values()] } : null;
    stage.classList.toggle("dragging", dragged && fingers.size > 0);
  };

  const letGo = (event) => {
    if (fingers.delete(event.pointerId)) takeHold();
  };

  stage.addEventListener("wheel", (event) => onWheel(event, camera, place(event)), { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || fingers.size === 2) return;
    if (!fingers.size) dragged = false;
    camera.stop();
    fingers.set(event.pointerId, place(event));
    takeHold();
  });

  stage.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId) || !grip?.view) return;
    if (!event.buttons) return letGo(event); // released outside, before we had captured it
    fingers.set(event.pointerId, place(event));
    const alone = fingers.size === 1;
    if (alone && event.pointerType === "touch" && !camera.near) return;
    const [now] = fingers.values();
    const [start] = grip.points;
    if (alone && !dragged && Math.hypot(now.x - start.x, now.y - start.y) < DRAG) return;
    if (!dragged) {
      dragged = true;
      stage.classList.add("dragging");
      // Captured only now: a captured pointer's click would go to the stage and not to the card.
      fingers.forEach((_, id) => stage.setPointerCapture(id));
    }
    const view = alone
      ? panned(grip.view, now.x - start.x, now.y - start.y)
      : pinched(grip.view, grip.points, [...fingers.values()], camera.picture, camera.size);
    camera.go(view);
  });

  stage.addEventListener("pointerup", letGo);
  stage.addEventListener("pointercancel", letGo);

  // touch-action leaves scrolling with one finger to the browser; two fingers are ours.
  stage.addEventListener(
    "touchmove",
    (event) => {
      if (event.cancelable && (event.touches.length > 1 || camera.near)) event.preventDefault();
    },
    { passive: false },
  );

  // The click that ends a drag selects nothing.
  stage.addEventListener("click", (event) => dragged && event.stopPropagation(), { capture: true });
  stage.addEventListener("dblclick", () => dragged || camera.fit());
}

function onWheel(event, camera, at) {
  if (!camera.settled) return;
  const view = zoomedAt(camera.view, at, wheelFactor(event), camera.picture, camera.size);
  // At the end of the range the page may scroll; a pinch (ctrlKey) would zoom the whole page instead.
  if (view.k !== camera.view.k || event.ctrlKey) event.preventDefault();
  if (view.k !== camera.view.k) camera.go(view);
}
