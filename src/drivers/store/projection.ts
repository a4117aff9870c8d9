import type { Document } from "./collection.js";
import { isDocument, type Value } from "./values.js";

interface Tree {
  readonly [part: string]: Tree | true;
}

/** Shows or hides fields as MongoDB's `projection` does; `_id` is shown unless it is hidden. */
export function projector(projection: Document | undefined): (doc: Document) => Document {
  const entries = Object.entries(projection ?? {});
  if (entries.length === 0) return (doc) => doc;
  const others = entries.filter(([path]) => path !== "_id");
  const idShown = projection?.["_id"] === undefined || Boolean(projection["_id"]);
  const includes = others.length > 0 ? Boolean(others[0]?.[1]) : idShown;
  const paths = others.map(([path]) => path);
  if (includes) return (doc) => shown(doc, treeOf(idShown ? ["_id", ...paths] : paths));
  return (doc) => hidden(doc, treeOf(idShown ? paths : ["_id", ...paths]));
}

function treeOf(paths: readonly string[]): Tree {
  const root = new Map<string, string[]>();
  for (const path of paths) {
    const dot = path.indexOf(".");
    const head = dot === -1 ? path : path.slice(0, dot);
    const rest = root.get(head) ?? [];
    root.set(head, dot === -1 ? rest : [...rest, path.slice(dot + 1)]);
  }
  return Object.fromEntries(
    [...root].map(([head, rest]) => [head, rest.length === 0 ? true : treeOf(rest)]),
  );
}

function shown(doc: Document, tree: Tree): Document {
  const kept: [string, Value][] = [];
  for (const [key, value] of Object.entries(doc)) {
    const branch = Object.hasOwn(tree, key) ? tree[key] : undefined;
    if (branch === true) kept.push([key, value]);
    else if (branch !== undefined) {
      const inner = shownInside(value, branch);
      if (inner !== undefined) kept.push([key, inner]);
    }
  }
  return Object.fromEntries(kept);
}

function shownInside(value: Value, tree: Tree): Value {
  if (Array.isArray(value)) {
    return value.map((item: Value) => shownInside(item, tree)).filter((item) => item !== undefined);
  }
  return isDocument(value) ? shown(value, tree) : undefined;
}

function hidden(doc: Document, tree: Tree): Document {
  const kept: [string, Value][] = [];
  for (const [key, value] of Object.entries(doc)) {
    const branch = Object.hasOwn(tree, key) ? tree[key] : undefined;
    if (branch === undefined) kept.push([key, value]);
    else if (branch !== true) kept.push([key, hiddenInside(value, branch)]);
  }
  return Object.fromEntries(kept);
}

function hiddenInside(value: Value, tree: Tree): Value {
  if (Array.isArray(value)) return value.map((item: Value) => hiddenInside(item, tree));
  return isDocument(value) ? hidden(value, tree) : value;
}
