// Walking from card to card along the edges. Pure functions over ids and boxes, no DOM.

/** For every node its operands, its users and its edges, in the order of `edges` ([source, target, edge id] each). */
export function linksOf(edges) {
  const links = new Map();
  const at = (id) => {
    if (!links.has(id)) links.set(id, { operands: [], users: [], edges: [] });
    return links.get(id);
  };
  const add = (list, id) => list.includes(id) || list.push(id);
  for (const [source, target, edge] of edges) {
    add(at(source).users, target);
    add(at(target).operands, source);
    at(source).edges.push(edge);
    at(target).edges.push(edge);
  }
  return links;
}

const centre = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });

/** "down" or "right": where data flows on the picture. */
export function flowOf(edges, boxes) {
  let [across, down] = [0, 0];
  for (const [source, target] of edges) {
    if (!boxes.has(source) || !boxes.has(target)) continue;
    const [from, to] = [centre(boxes.get(source)), centre(boxes.get(target))];
    across += to.x - from.x;
    down += to.y - from.y;
  }
  return Math.abs(across) > Math.abs(down) ? "right" : "down";
}

const MOVES = {
  down: { ArrowUp: "operand", ArrowDown: "user", ArrowLeft: "before", ArrowRight: "after" },
  right: { ArrowLeft: "operand", ArrowRight: "user", ArrowUp: "before", ArrowDown: "after" },
};

/** What an arrow key means on a picture with this flow: "operand", "user", "before", "after" or undefined. */
export const moveOf = (key, flow) => MOVES[flow][key];

/**
 * The node that a move leads to from `id`, or null. `cameFrom` is the node we just left: going back along an edge
 * returns there, and not to the first operand or user.
 */
export function stepFrom(id, move, { links, boxes, flow, cameFrom }) {
  const { operands, users } = links.get(id) ?? { operands: [], users: [] };
  if (move === "operand" || move === "user") {
    const next = (move === "operand" ? operands : users).filter((other) => other !== id && boxes.has(other));
    return next.includes(cameFrom) ? cameFrom : (next[0] ?? null);
  }
  const sign = move === "after" ? 1 : -1;
  return nearest(id, siblings(id, links), sign, boxes, flow) ?? nearest(id, rowOf(id, boxes, flow), sign, boxes, flow);
}

/** Nodes that share a user or an operand with `id`; not its own, which a skip connection would bring in. */
function siblings(id, links) {
  const { operands, users } = links.get(id) ?? { operands: [], users: [] };
  const shared = users.flatMap((user) => links.get(user).operands);
  shared.push(...operands.flatMap((operand) => links.get(operand).users));
  return [...new Set(shared)].filter((other) => !operands.includes(other) && !users.includes(other));
}

/** Nodes that stand beside `id` on the picture. */
function rowOf(id, boxes, flow) {
  const [start, size] = flow === "down" ? ["y", "height"] : ["x", "width"];
  const mine = boxes.get(id);
  const overlaps = (box) => box[start] < mine[start] + mine[size] && mine[start] < box[start] + box[size];
  return [...boxes.keys()].filter((other) => overlaps(boxes.get(other)));
}

function nearest(id, candidates, sign, boxes, flow) {
  const axis = flow === "down" ? "x" : "y";
  const place = (other) => sign * centre(boxes.get(other))[axis];
  const ahead = candidates.filter((other) => other !== id && boxes.has(other) && place(other) > place(id));
  return ahead.sort((a, b) => place(a) - place(b))[0] ?? null;
}
