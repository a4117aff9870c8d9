import { isDocument, type Value } from "./values.js";

/**
 * What a path of a filter speaks of in a document, by MongoDB's rules: lists on the way stand for
 * each of their documents (or for one element, when the path counts), and a list at the end comes
 * whole. Where nothing is, there is one `undefined`.
 */
export function valuesAt(doc: Value, path: string): Value[] {
  if (!path.includes(".")) return [own(doc, path)];
  const found: Value[] = [];
  collect(doc, path.split("."), 0, found);
  return found;
}

function own(holder: Value, part: string): Value {
  return isDocument(holder) && Object.hasOwn(holder, part) ? (holder[part] as Value) : undefined;
}

function collect(value: Value, parts: readonly string[], depth: number, found: Value[]): void {
  if (depth === parts.length) {
    found.push(value);
    return;
  }
  const part = parts[depth] as string;
  if (!Array.isArray(value)) return collect(own(value, part), parts, depth + 1, found);
  if (/^\d+$/.test(part)) {
    const element: Value = value[Number(part)];
    if (element !== undefined) collect(element, parts, depth + 1, found);
  }
  for (const element of value as Value[]) {
    if (isDocument(element)) collect(own(element, part), parts, depth + 1, found);
  }
}

/** The values at a path, each list followed by its elements. */
export function valuesAndElementsAt(doc: Value, path: string): Value[] {
  const values = valuesAt(doc, path);
  if (!values.some(Array.isArray)) return values;
  return values.flatMap((value) =>
    Array.isArray(value) ? [value, ...(value as Value[])] : [value],
  );
}
