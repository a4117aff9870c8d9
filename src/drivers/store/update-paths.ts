import { updateFailed } from "./errors.js";
import { isDocument, type Value } from "./values.js";

/** Where a dotted path ends: the object or array that holds the last part. */
export interface Slot {
  get(): Value;
  set(value: Value): void;
  unset(): void;
}

/** The slot of a path, or null when a parent is missing and `create` is false. */
export function slotOf(doc: Value, path: string, create: boolean): Slot | null {
  const parts = path.split(".");
  const last = parts.pop() as string;
  let holder: Value = doc;
  for (const part of parts) {
    const inner = slotIn(holder, part, path, create);
    if (inner === null) return null;
    if (inner.get() === undefined) {
      if (!create) return null;
      inner.set({});
    }
    holder = inner.get();
  }
  return slotIn(holder, last, path, create);
}

function slotIn(holder: Value, part: string, path: string, create: boolean): Slot | null {
  if (Array.isArray(holder) && /^\d{1,6}$/.test(part)) return slotInArray(holder, Number(part));
  if (isDocument(holder)) {
    return {
      get: () => (Object.hasOwn(holder, part) ? (holder[part] as Value) : undefined),
      set: (value) => void (holder[part] = value),
      unset: () => void delete holder[part],
    };
  }
  if (!create) return null;
  throw updateFailed(28, `Cannot create field '${part}' on the way of '${path}'`);
}

const MAX_PADDING = 10_000;

function slotInArray(holder: Value[], index: number): Slot {
  return {
    get: () => holder[index],
    set: (value) => {
      if (index > holder.length + MAX_PADDING) throw updateFailed(2, "array index too far");
      while (holder.length < index) holder.push(null);
      holder[index] = value;
    },
    unset: () => {
      if (index < holder.length) holder[index] = null;
    },
  };
}
