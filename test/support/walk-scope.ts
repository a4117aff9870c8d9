/** Stands for a value that only a running helper could tell. */
export const anything: unique symbol = Symbol("anything");

/** What a template can name at one depth, under its parents. */
export interface Scope {
  readonly context: unknown;
  readonly parent: Scope | null;
  /** Block parameters: `{{#each list as |item index|}}`. */
  readonly names: ReadonlyMap<string, unknown>;
  /** The context is a partial's hash, whose parameters may be left out. */
  readonly isHash: boolean;
}

/** The outcome of following a path. */
export type Found =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "behind-null" }
  | { readonly kind: "left-out" }
  | { readonly kind: "missing"; readonly name: string };

export function childScope(
  parent: Scope | null,
  context: unknown,
  names: ReadonlyMap<string, unknown> = new Map(),
): Scope {
  return { context, parent, names, isHash: false };
}

/** Follow `parts` from the scope `depth` levels up. */
export function follow(scope: Scope, depth: number, parts: readonly string[]): Found {
  let from: Scope = scope;
  for (let up = 0; up < depth; up++) {
    if (from.parent === null) return { kind: "missing", name: ".." };
    from = from.parent;
  }
  const [first, ...rest] = parts;
  for (let at: Scope | null = from; first !== undefined && at !== null; at = at.parent) {
    if (at.names.has(first)) return into(at.names.get(first), rest);
  }
  const isLeftOut =
    from.isHash && first !== undefined && !(first in (from.context as Record<string, unknown>));
  return isLeftOut ? { kind: "left-out" } : into(from.context, parts);
}

/** Follow `parts` into a value of the sample. */
export function into(start: unknown, parts: readonly string[]): Found {
  let value = start;
  for (const name of parts) {
    if (value === anything) return { kind: "value", value };
    if (value === null) return { kind: "behind-null" };
    if (Array.isArray(value) && name === "length") value = value.length;
    else if (typeof value === "object" && value !== undefined && Object.hasOwn(value, name)) {
      value = (value as Record<string, unknown>)[name];
    } else return { kind: "missing", name };
  }
  return { kind: "value", value };
}
