import type { Document } from "./collection.js";
import { analyse, type Analysis, type Constraint, type Edge } from "./constraints.js";
import { compareValues, typeByte } from "./key-encoding.js";

/** Whether every document that satisfies the analysed filter is also in the partial index. */
export function impliesPartial(partial: Document, filter: Analysis): boolean {
  const wanted = analyse(partial);
  if (wanted.unions.length > 0 || wanted.others > wanted.present.size) return false;
  for (const path of wanted.present) {
    const known = filter.byPath.get(path) ?? [];
    if (!filter.present.has(path) && !known.some(excludesMissing)) return false;
  }
  for (const [path, constraints] of wanted.byPath) {
    const known = filter.byPath.get(path) ?? [];
    if (!constraints.every((c) => known.some((k) => within(k, c)))) return false;
  }
  return true;
}

function excludesMissing(constraint: Constraint): boolean {
  return constraint.points?.every((point) => point !== null && point !== undefined) ?? true;
}

/** Whether whatever satisfies `known` satisfies `wanted`. */
function within(known: Constraint, wanted: Constraint): boolean {
  if (wanted.points !== null) {
    const { points } = wanted;
    return known.points?.every((p) => points.some((q) => compareValues(p, q) === 0)) ?? false;
  }
  if (known.points !== null) return known.points.every((point) => inRange(point, wanted));
  return edgeWithin(known.low, wanted.low, 1) && edgeWithin(known.high, wanted.high, -1);
}

function inRange(point: unknown, { low, high }: Constraint): boolean {
  return [low, high].every((edge) => {
    if (!edge) return true;
    if (typeByte(point) !== typeByte(edge.value)) return false;
    const order = compareValues(point, edge.value) * (edge === low ? 1 : -1);
    return order > 0 || (order === 0 && edge.inclusive);
  });
}

function edgeWithin(known: Edge | null, wanted: Edge | null, direction: 1 | -1): boolean {
  if (!wanted) return true;
  if (!known || typeByte(known.value) !== typeByte(wanted.value)) return false;
  const order = compareValues(known.value, wanted.value) * direction;
  return order > 0 || (order === 0 && (wanted.inclusive || !known.inclusive));
}
