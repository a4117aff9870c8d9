import type { IndexInfo } from "./catalog.js";
import type { FieldBounds } from "./plan-bounds.js";
import type { Sort } from "./sqlite-plan.js";

/** How an index yields an order. */
export interface ServedSort {
  /** The first index field that the order is made of. */
  readonly start: number;
  readonly backwards: boolean;
}

/**
 * Whether reading the bounded part of the index, every interval by itself, yields the sort. Fields
 * bound to one value count for nothing; fields bound to several may stand before the sort only, as
 * the intervals are then merged. An array field sorts by its least or greatest element, which is
 * where it is met first, unless a bound hides that element.
 */
export function sortServed(
  index: IndexInfo,
  bounds: readonly FieldBounds[],
  sort: Sort,
): ServedSort | null {
  const all = Object.entries(sort);
  const whole = all.length > 0 ? orderFrom(index, bounds, all) : null;
  if (whole) return whole;
  const open = all.filter(([path]) => !isFixed(index, bounds, path));
  if (open.length === 0) return { start: index.fields.length, backwards: false };
  return open.length < all.length ? orderFrom(index, bounds, open) : null;
}

function orderFrom(
  index: IndexInfo,
  bounds: readonly FieldBounds[],
  wanted: readonly [string, 1 | -1][],
): ServedSort | null {
  let next = 0;
  let start = -1;
  let backwards = false;
  for (const [position, field] of index.fields.entries()) {
    const [path, direction] = wanted[next] ?? [];
    if (path === undefined) break;
    if (field.path === path) {
      if (isMultikey(index, position) && (bounds[position] || wanted.length > 1)) return null;
      const reversed = field.direction !== direction;
      if (start === -1) [start, backwards] = [position, reversed];
      else if (reversed !== backwards) return null;
      next += 1;
    } else if (!skippable(index, bounds, position, start)) return null;
  }
  return next === wanted.length ? { start, backwards } : null;
}

function isMultikey(index: IndexInfo, position: number): boolean {
  return (index.multikey & (1 << position)) !== 0;
}

function isFixed(index: IndexInfo, bounds: readonly FieldBounds[], path: string): boolean {
  const position = index.fields.findIndex((field) => field.path === path);
  return bounds[position]?.points?.length === 1 && !isMultikey(index, position);
}

function skippable(
  index: IndexInfo,
  bounds: readonly FieldBounds[],
  position: number,
  start: number,
): boolean {
  const points = bounds[position]?.points;
  if (!points) return false;
  return start === -1 || (points.length === 1 && !isMultikey(index, position));
}
