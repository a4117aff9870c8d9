import type { IndexInfo } from "./catalog.js";
import type { Constraint, Edge } from "./constraints.js";
import { EMPTY_ARRAY, encodeField, encodeValue, invert, typeByte } from "./key-encoding.js";
import type { Value } from "./values.js";

/** The keys from `low` (included) to `high` (excluded) of an index. */
export interface Interval {
  readonly low: Buffer;
  readonly high: Buffer;
  /** Where, in every key of the interval, the fields begin that a sort is made of. */
  readonly offset: number;
}

/** What the planner settled for one field: points, or one range, or neither. */
export interface FieldBounds {
  readonly points: readonly Value[] | null;
  readonly low: Edge | null;
  readonly high: Edge | null;
  /** How many of the field's constraints the bounds stand for exactly. */
  readonly answered: number;
}

const AFTER = Buffer.from([0xff]);
const MAX_POINTS = 2000;

/** The narrowest bounds that hold for every document that satisfies all the constraints. */
export function boundsOf(
  constraints: readonly Constraint[],
  multikey: boolean,
): FieldBounds | null {
  const points = constraints.filter((c) => c.points !== null);
  if (points.length > 0) return pointBounds(points, constraints.length, multikey);
  if (multikey || constraints.length === 1) {
    const widest = constraints.find((c) => c.low && c.high) ?? constraints[0];
    return widest ? { points: null, low: widest.low, high: widest.high, answered: 1 } : null;
  }
  const lows = constraints.filter((c) => c.low);
  const highs = constraints.filter((c) => c.high);
  const answered =
    constraints.length <= 2 && lows.length < 2 && highs.length < 2 ? constraints.length : 0;
  const [low, high] = [lows[0]?.low ?? null, highs[0]?.high ?? null];
  const sameType = !low || !high || typeByte(low.value) === typeByte(high.value);
  return sameType
    ? { points: null, low, high, answered }
    : { points: null, low, high: null, answered: 0 };
}

function pointBounds(
  constraints: readonly Constraint[],
  total: number,
  multikey: boolean,
): FieldBounds | null {
  const fewest = constraints.reduce((a, b) =>
    (b.points?.length ?? 0) < (a.points?.length ?? 0) ? b : a,
  );
  const distinct = new Map<string, Value>();
  for (const value of fewest.points ?? []) {
    const given = value ?? null;
    distinct.set(encodeValue(given).toString("latin1"), given);
    if (given === null && multikey) distinct.set("", EMPTY_ARRAY);
  }
  if (distinct.size > MAX_POINTS) return null;
  const points = [...distinct.values()];
  const exact = total === 1 && !points.includes(null);
  return { points, low: null, high: null, answered: exact ? 1 : 0 };
}

/** The interval of one field's range after the bytes of the fields before it. */
export function rangeInterval(
  prefix: Buffer,
  bounds: FieldBounds,
  direction: 1 | -1,
  offset: number,
): Interval {
  const type = typeByte(bounds.low ? bounds.low.value : bounds.high?.value);
  const [first, last] = direction === 1 ? [bounds.low, bounds.high] : [bounds.high, bounds.low];
  const low = first
    ? edgeBytes(prefix, first, direction, !first.inclusive)
    : startOf(prefix, type, direction);
  const high = last
    ? edgeBytes(prefix, last, direction, last.inclusive)
    : endOf(prefix, type, direction);
  return { low, high, offset };
}

function edgeBytes(prefix: Buffer, edge: Edge, direction: 1 | -1, past: boolean): Buffer {
  const field = encodeField(edge.value, direction);
  return past ? Buffer.concat([prefix, field, AFTER]) : Buffer.concat([prefix, field]);
}

const LEAST_NUMBER = encodeValue(Number.NEGATIVE_INFINITY);
const NUMBER = encodeValue(0)[0] as number;

/** A range of numbers never holds NaN, which is encoded below all of them. */
function startOf(prefix: Buffer, type: number, direction: 1 | -1): Buffer {
  if (direction === -1) return Buffer.concat([prefix, Buffer.from([~type & 0xff])]);
  return Buffer.concat([prefix, type === NUMBER ? LEAST_NUMBER : Buffer.from([type])]);
}

function endOf(prefix: Buffer, type: number, direction: 1 | -1): Buffer {
  if (direction === 1) return Buffer.concat([prefix, Buffer.from([type + 1])]);
  if (type === NUMBER) return Buffer.concat([prefix, invert(Buffer.from(LEAST_NUMBER)), AFTER]);
  return Buffer.concat([prefix, Buffer.from([(~type & 0xff) + 1])]);
}

/** Every key that begins with the prefix. */
export function prefixInterval(prefix: Buffer, offset: number): Interval {
  return { low: prefix, high: Buffer.concat([prefix, AFTER]), offset };
}

/** Whether documents of this index may appear under several keys. */
export function repeats(index: IndexInfo): boolean {
  return index.multikey !== 0;
}
