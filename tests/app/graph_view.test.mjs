// The graph view's pure functions, without a browser: node --test tests/app/graph_view.test.mjs

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

// As data: URLs, because a .js file without a package.json is no module to every version of node.
const load = (name) => {
  const text = readFileSync(new URL(`../../graphviz_tools/app/graph_view/${name}`, import.meta.url));
  return import(`data:text/javascript;base64,${text.toString("base64")}`);
};
const see = await load("viewport.js");
const walk = await load("walk.js");
const { isHarmless } = await load("clean.js");

const STAGE = { width: 600, height: 500, bottom: 50 };
const box = (x, y, width = 100, height = 40) => ({ x, y, width, height });
const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

/** Where a point of the picture is on the stage, and back. */
const onStage = (view, point) => ({ x: (point.x - view.x) * view.k, y: (point.y - view.y) * view.k });
const onPicture = (view, point) => ({ x: view.x + point.x / view.k, y: view.y + point.y / view.k });

/** Repeatable numbers between low and high. */
function numbers(seed) {
  return (low, high) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return low + ((high - low) * seed) / 2147483648;
  };
}

function someViews(count = 200) {
  const pick = numbers(7);
  return Array.from({ length: count }, () => ({
    picture: box(pick(-50, 50), pick(-50, 50), pick(20, 5000), pick(20, 5000)),
    stage: { width: pick(200, 2000), height: pick(200, 1200), bottom: 50 },
    view: { x: pick(-500, 500), y: pick(-500, 500), k: pick(0.5, 8) },
    point: { x: pick(0, 200), y: pick(0, 200) },
    factor: pick(0.3, 3),
  }));
}

describe("fitting", () => {
  const corners = ({ x, y, width, height }) => [{ x, y }, { x: x + width, y: y + height }];

  it("shows the whole picture on any stage, and never above 1.25", () => {
    for (const { picture, stage } of someViews()) {
      const view = see.wholeView(picture, stage);
      const [start, end] = corners(picture).map((corner) => onStage(view, corner));
      assert.ok(start.x >= see.MARGIN - 1e-6 && start.y >= -1e-6);
      assert.ok(end.x <= stage.width - see.MARGIN + 1e-6 && end.y <= stage.height - stage.bottom + 1e-6);
      assert.ok(view.k <= 1.25);
    }
  });

  it("shows a small picture in the middle", () => {
    const view = see.firstView(box(0, 0, 100, 100), STAGE);
    near(view.k, 1.25);
    const { x, y } = onStage(view, { x: 50, y: 50 });
    near(x, STAGE.width / 2);
    near(y, (STAGE.height - STAGE.bottom) / 2);
  });

  it("shows all of a picture that stays readable", () => {
    const picture = box(0, 0, 300, 600);
    assert.deepEqual(see.firstView(picture, STAGE), see.wholeView(picture, STAGE));
  });

  it("shows a long picture in its full width, from its top", () => {
    const view = see.firstView(box(0, 0, 500, 5000), STAGE);
    near(view.k, (STAGE.width - 2 * see.MARGIN) / 500);
    near(onStage(view, { x: 0, y: 0 }).y, see.MARGIN);
    near(onStage(view, { x: 0, y: 0 }).x, see.MARGIN);
  });

  it("shows a wide picture whole", () => {
    const picture = box(0, 0, 5000, 500);
    assert.deepEqual(see.firstView(picture, STAGE), see.wholeView(picture, STAGE));
  });
});

describe("moving", () => {
  it("zooms around the cursor", () => {
    for (const { picture, stage, view, point, factor } of someViews()) {
      const under = onPicture(view, point);
      const { x, y } = onStage(see.zoomedAt(view, point, factor, picture, stage), under);
      near(x, point.x);
      near(y, point.y);
    }
  });

  it("stops zooming at both ends, the whole picture always within reach", () => {
    for (const { picture, stage, view, point } of someViews()) {
      assert.ok(see.zoomedAt(view, point, 1e-9, picture, stage).k <= see.wholeView(picture, stage).k);
      assert.equal(see.zoomedAt(view, point, 1e9, picture, stage).k, 8);
    }
  });

  it("keeps the picture under both fingers", () => {
    const view = { x: 10, y: 20, k: 1 };
    const before = [{ x: 100, y: 100 }, { x: 200, y: 100 }];
    const now = [{ x: 130, y: 90 }, { x: 330, y: 90 }];
    const after = see.pinched(view, before, now, box(0, 0, 900, 900), STAGE);
    for (const i of [0, 1]) {
      const { x, y } = onStage(after, onPicture(view, before[i]));
      near(x, now[i].x);
      near(y, now[i].y);
    }
  });

  it("survives two fingers at the same place", () => {
    const place = { x: 5, y: 5 };
    const after = see.pinched({ x: 0, y: 0, k: 1 }, [place, place], [place, { x: 50, y: 5 }], box(0, 0), STAGE);
    assert.ok(Object.values(after).every(Number.isFinite));
  });

  it("pans by pixels", () => {
    const view = { x: 10, y: 20, k: 2 };
    const { x, y } = onStage(see.panned(view, 30, -8), onPicture(view, { x: 100, y: 100 }));
    near(x, 130);
    near(y, 92);
  });

  it("keeps a corner of the picture in sight, and leaves a seen picture where it is", () => {
    for (const { picture, stage, view } of someViews()) {
      for (const [dx, dy] of [[1e6, 0], [-1e6, 0], [0, 1e6], [0, -1e6]]) {
        const kept = see.kept(see.panned(view, dx, dy), picture, stage);
        const start = onStage(kept, picture);
        assert.ok(start.x <= stage.width - 63 && start.x + picture.width * kept.k >= 63);
        assert.ok(start.y <= stage.height - 63 && start.y + picture.height * kept.k >= 63);
      }
      const whole = see.wholeView(picture, stage);
      if (picture.width * whole.k > 130 && picture.height * whole.k > 130) {
        assert.deepEqual(see.kept(whole, picture, stage), whole);
      }
    }
  });

  it("leaves the middle in the middle when the stage changes its size", () => {
    const view = { x: 0, y: 0, k: 2 };
    const now = { ...STAGE, width: 400, height: 700 };
    const middle = onPicture(view, { x: STAGE.width / 2, y: STAGE.height / 2 });
    const { x, y } = onStage(see.resized(view, STAGE, now), middle);
    near(x, now.width / 2);
    near(y, now.height / 2);
  });
});

describe("revealing", () => {
  const view = { x: 0, y: 0, k: 1 };
  const cases = {
    "a box in sight": [box(100, 100), [0, 0]],
    "above": [box(100, -100), [0, -112]],
    "below, clear of the buttons": [box(100, 480), [0, 82]],
    "to the left": [box(-20, 100), [-32, 0]],
    "to the right": [box(560, 100), [72, 0]],
    "larger than the stage and covering it": [box(-100, -100, 900, 900), [0, 0]],
    "larger than the stage and below": [box(-100, 300, 900, 900), [0, 288]],
    "larger than the stage and above": [box(-100, -800, 900, 900), [0, -338]],
  };
  for (const [name, [target, [x, y]]] of Object.entries(cases)) {
    it(name, () => assert.deepEqual(see.revealed(view, target, STAGE), { x, y, k: 1 }));
  }
});

describe("drawing", () => {
  it("a transform moves a settled picture to where the new viewBox will draw it", () => {
    const [settled, view] = [{ x: 10, y: 20, k: 2 }, { x: -5, y: 40, k: 3 }];
    const [, x, y, scale] = see.transform(settled, view).match(/translate\((.*)px, (.*)px\) scale\((.*)\)/).map(Number);
    const point = { x: 77, y: 88 };
    const before = onStage(settled, point);
    const after = onStage(view, point);
    near(x + before.x * scale, after.x);
    near(y + before.y * scale, after.y);
  });

  it("the viewBox holds exactly the stage", () => {
    assert.equal(see.viewBox({ x: 1, y: -2, k: 2 }, STAGE), "1.000 -2.000 300.000 250.000");
  });

  it("a glide starts and ends where it should, and keeps the fixed point of a zoom", () => {
    const [from, at] = [{ x: 0, y: 0, k: 1 }, { x: 200, y: 150 }];
    const to = see.zoomedAt(from, at, 2, box(0, 0, 900, 900), STAGE);
    assert.deepEqual(see.tween(from, to, 0), from);
    for (const t of [0.2, 0.5, 0.8, 1]) {
      const { x, y } = onStage(see.tween(from, to, t), onPicture(from, at));
      near(x, at.x);
      near(y, at.y);
    }
    near(see.tween(from, to, 1).k, to.k);
    assert.deepEqual(see.tween(from, { x: 8, y: 4, k: 1 }, 1), { x: 8, y: 4, k: 1 });
  });

  it("wheels zoom in upwards, alike in every unit, and a pinch faster", () => {
    const factor = (deltaY, deltaMode = 0, ctrlKey = false) => see.wheelFactor({ deltaY, deltaMode, ctrlKey });
    assert.equal(factor(0), 1);
    assert.ok(factor(-100) > 1 && factor(100) < 1);
    near(factor(-100) * factor(100), 1);
    near(factor(-6, 1), factor(-96, 0));
    assert.ok(factor(-10, 0, true) > factor(-10));
    assert.equal(factor(-1e9), factor(-240));
  });
});

describe("walking", () => {
  // a feeds b; b feeds c and d; both feed e, and b feeds e directly; x stands alone beside c and d.
  const edges = ["ab", "bc", "bd", "ce", "de", "be"].map((ends) => [...ends, ends]);
  const places = { a: [100, 0], b: [100, 100], c: [0, 200], d: [200, 200], e: [100, 300], x: [400, 210] };
  const down = new Map(Object.entries(places).map(([id, [x, y]]) => [id, box(x, y, 80, 40)]));
  const right = new Map(Object.entries(places).map(([id, [x, y]]) => [id, box(y, x, 80, 40)]));
  const links = walk.linksOf(edges);
  const go = (id, key, { boxes = down, cameFrom = null } = {}) => {
    const flow = walk.flowOf(edges, boxes);
    return walk.stepFrom(id, walk.moveOf(key, flow), { links, boxes, flow, cameFrom });
  };

  it("finds operands, users and edges once each, in order", () => {
    const twice = walk.linksOf([["a", "b", "0"], ["a", "b", "1"], ["c", "b", "2"]]);
    assert.deepEqual(twice.get("b"), { operands: ["a", "c"], users: [], edges: ["0", "1", "2"] });
    assert.deepEqual(twice.get("a"), { operands: [], users: ["b"], edges: ["0", "1"] });
  });

  it("goes along edges", () => {
    assert.equal(go("a", "ArrowDown"), "b");
    assert.equal(go("b", "ArrowUp"), "a");
    assert.equal(go("e", "ArrowUp"), "c");
  });

  it("goes back where it came from", () => {
    assert.equal(go("e", "ArrowUp", { cameFrom: "d" }), "d");
    assert.equal(go("e", "ArrowUp", { cameFrom: "a" }), "c");
  });

  it("goes to siblings, past an operand that a skip connection makes one", () => {
    assert.equal(go("c", "ArrowRight"), "d");
    assert.equal(go("d", "ArrowLeft"), "c");
  });

  it("goes to whatever stands beside, where there is no sibling", () => {
    assert.equal(go("d", "ArrowRight"), "x");
    assert.equal(go("x", "ArrowLeft"), "d");
  });

  it("stays at the ends", () => {
    assert.equal(go("a", "ArrowUp"), null);
    assert.equal(go("e", "ArrowDown"), null);
    assert.equal(go("c", "ArrowLeft"), null);
    assert.equal(go("x", "ArrowDown"), null);
  });

  it("turns the keys where data flows to the right", () => {
    assert.equal(go("a", "ArrowRight", { boxes: right }), "b");
    assert.equal(go("b", "ArrowLeft", { boxes: right }), "a");
    assert.equal(go("c", "ArrowDown", { boxes: right }), "d");
    assert.equal(go("d", "ArrowUp", { boxes: right }), "c");
  });

  it("skips nodes that are not drawn", () => {
    const boxes = new Map([...down].filter(([id]) => id !== "c"));
    assert.equal(go("e", "ArrowUp", { boxes }), "d");
  });
});

describe("cleaning", () => {
  const harmless = [
    ["d", "M0,0L1,1"],
    ["fill", "#ffffff"],
    ["fill", "url(#gradient0)"],
    ["clip-path", 'url("#clip")'],
    ["transform", "translate(4 748)"],
    ["class", "node"],
    ["aria-label", "javascript: url(x) \\ on"],
    ["data-node", "h#1"],
    ["font-family", "Helvetica,Arial,sans-serif"],
  ];
  for (const [name, value] of harmless) {
    it(`keeps ${name}="${value}"`, () => assert.ok(isHarmless(name, value)));
  }
  const harmful = [
    ["onload", "x"],
    ["ONCLICK", "x"],
    ["ev:onclick", "x"],
    ["href", "#a"],
    ["xlink:href", "javascript:x"],
    ["src", "x"],
    ["fill", "url(//example.org/x)"],
    ["fill", "URL( 'http://example.org' )"],
    ["fill", "u\\72l(//example.org)"],
    ["style", "background: image-set('x' 1x)"],
    ["values", "java\nscript:x"],
    ["style", "fill: url(data:image/svg+xml,x)"],
  ];
  for (const [name, value] of harmful) {
    it(`drops ${name}="${value}"`, () => assert.ok(!isHarmless(name, value)));
  }
});
