import { EMPTY_ARRAY, encodeField } from "./key-encoding.js";
import { isDocument, type Value } from "./values.js";

/** A field of an index, its path already split. */
export interface IndexField {
  readonly path: string;
  readonly parts: readonly string[];
  readonly direction: 1 | -1;
}

/** What one document adds to an index: its keys, and which fields were found to hold arrays. */
export interface IndexEntries {
  readonly keys: readonly Buffer[];
  /** Bit `n` is set when field `n` went through an array. */
  readonly multikey: number;
}

interface Walk {
  readonly fields: readonly IndexField[];
  readonly rows: Value[][];
  multikey: number;
}

/**
 * The keys of one document in one index: one for each element when a field is an array. Throws
 * MongoDB's error 171 when two fields lead through different arrays.
 */
export function indexEntries(fields: readonly IndexField[], doc: Value): IndexEntries {
  const walk: Walk = { fields, rows: [], multikey: 0 };
  expand(
    walk,
    fields.map(() => ({ value: doc, depth: 0 })),
  );
  const keys = walk.rows.map((row) =>
    Buffer.concat(row.map((value, i) => encodeField(value, (fields[i] as IndexField).direction))),
  );
  return { keys: keys.length > 1 ? withoutRepeats(keys) : keys, multikey: walk.multikey };
}

interface Place {
  readonly value: Value;
  /** How many parts of the path are behind; -1 when the value is final. */
  readonly depth: number;
}

const FINAL = -1;

function expand(walk: Walk, places: readonly Place[]): void {
  const reached = places.map((place, i) => descend(place, (walk.fields[i] as IndexField).parts));
  const arrays = new Set(
    reached.filter((p) => p.depth !== FINAL && Array.isArray(p.value)).map((p) => p.value),
  );
  if (arrays.size === 0) {
    walk.rows.push(reached.map((place) => place.value));
    return;
  }
  const [array] = arrays;
  if (arrays.size > 1 || !Array.isArray(array)) throw parallelArrays();
  reached.forEach((place, i) => {
    if (place.value === array && place.depth !== FINAL) walk.multikey |= 1 << i;
  });
  const elements: readonly Value[] = array.length === 0 ? [EMPTY_ARRAY] : array;
  for (const element of elements) {
    expand(
      walk,
      reached.map((p, i) =>
        p.value === array && p.depth !== FINAL ? into(element, p, walk, i) : p,
      ),
    );
  }
}

/** An element at the end of the path is indexed as it is; deeper paths go on inside it. */
function into(element: Value, place: Place, walk: Walk, field: number): Place {
  const atEnd = place.depth === (walk.fields[field] as IndexField).parts.length;
  if (atEnd) return { value: element ?? null, depth: FINAL };
  return isDocument(element)
    ? { value: element, depth: place.depth }
    : { value: null, depth: FINAL };
}

function descend(place: Place, parts: readonly string[]): Place {
  if (place.depth === FINAL) return place;
  let { value, depth } = place;
  while (depth < parts.length && isDocument(value)) {
    const part = parts[depth] as string;
    value = Object.hasOwn(value, part) ? value[part] : undefined;
    depth += 1;
  }
  if (Array.isArray(value)) return { value, depth };
  return { value: depth === parts.length ? (value ?? null) : null, depth: FINAL };
}

function withoutRepeats(keys: readonly Buffer[]): Buffer[] {
  const sorted = [...keys].sort((a, b) => Buffer.compare(a, b));
  return sorted.filter((key, i) => i === 0 || !key.equals(sorted[i - 1] as Buffer));
}

function parallelArrays(): Error {
  return Object.assign(new Error("cannot index parallel arrays"), {
    name: "MongoServerError",
    code: 171,
  });
}

/** The fields of an index declaration. Paths that count inside arrays (`a.0`) are refused. */
export function indexFields(keys: Readonly<Record<string, 1 | -1>>): readonly IndexField[] {
  return Object.entries(keys).map(([path, direction]) => {
    const parts = path.split(".");
    if (parts.some((part) => part === "" || /^\d+$/.test(part) || part.startsWith("$"))) {
      throw new TypeError(`an index cannot be made on the path "${path}"`);
    }
    return { path, parts, direction };
  });
}
