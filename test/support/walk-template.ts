import { readFileSync } from "node:fs";
import { join } from "node:path";

import Handlebars from "handlebars";

import { readPartials } from "../../src/hosting/views.js";
import type { Translations } from "../../src/kit/i18n/index.js";
import type { SiteModel } from "../../src/kit/site-model.js";
import { faultOfCall, helperNames, iconNames } from "./walk-helpers.js";
import { anything, childScope, follow, into, type Found, type Scope } from "./walk-scope.js";

type Node = hbs.AST.Node;
type Path = hbs.AST.PathExpression;
type Callable = hbs.AST.MustacheStatement | hbs.AST.BlockStatement | hbs.AST.SubExpression;

/** What templates are held against. */
export interface WalkOptions {
  readonly viewsDir: string;
  readonly translations: Translations;
  readonly site: SiteModel;
}

interface Walk {
  readonly options: WalkOptions;
  readonly icons: ReadonlySet<string>;
  readonly partials: ReadonlyMap<string, hbs.AST.Program>;
  readonly faults: Set<string>;
  /** Places that no sample has reached yet, by node; emptied as they are reached. */
  readonly unreached: Map<Node, string | null>;
  readonly stack: string[];
}

/**
 * Every slip of a template against the samples of its model: paths that no model has, helpers,
 * partials and texts that do not exist, parameters that a partial never reads, and parts that no
 * sample reaches (a null or an empty list in all of them). Follows blocks and partials.
 */
export function walkTemplate(
  template: string,
  samples: readonly object[],
  options: WalkOptions,
): string[] {
  const partials = [...readPartials(options.viewsDir)].map(
    ([name, source]) => [name, Handlebars.parse(source)] as const,
  );
  const walk: Walk = {
    options,
    icons: iconNames(options.viewsDir),
    partials: new Map(partials),
    faults: new Set(),
    unreached: new Map(),
    stack: [template],
  };
  const source = readFileSync(join(options.viewsDir, `${template}.hbs`), "utf8");
  const program = Handlebars.parse(source);
  for (const sample of samples) walkProgram(walk, program, childScope(null, sample));
  for (const text of walk.unreached.values()) if (text !== null) walk.faults.add(text);
  return [...walk.faults];
}

function walkProgram(walk: Walk, program: hbs.AST.Program | undefined, scope: Scope): void {
  for (const node of program?.body ?? []) walkStatement(walk, node, scope);
}

function walkStatement(walk: Walk, node: Node, scope: Scope): void {
  switch (node.type) {
    case "MustacheStatement": {
      const mustache = node as hbs.AST.MustacheStatement;
      const path = mustache.path as Path;
      if (!mustache.escaped) say(walk, node, "unescaped: use safe with SafeHtml");
      const isCall = helperNames.has(path.original) || hasArguments(mustache);
      if (isCall) evaluateCall(walk, mustache, scope);
      else if (find(walk, path, scope).kind === "left-out") {
        say(walk, path, `${path.original} is needed and was not given`);
      }
      return;
    }
    case "BlockStatement":
      return walkBlock(walk, node as hbs.AST.BlockStatement, scope);
    case "PartialStatement":
      return walkPartial(walk, node as hbs.AST.PartialStatement, scope);
    case "ContentStatement":
    case "CommentStatement":
      return;
    default:
      say(walk, node, `${node.type} is not used here`);
  }
}

function walkBlock(walk: Walk, node: hbs.AST.BlockStatement, scope: Scope): void {
  const name = (node.path as Path).original;
  const subject = node.params[0];
  if (subject === undefined || !["if", "unless", "each", "with"].includes(name)) {
    say(walk, node, `no block helper "${name}"`);
    return;
  }
  const value = evaluate(walk, subject, scope);
  if (name === "each") walkEach(walk, node, scope, value);
  else if (name === "with") walkWith(walk, node, scope, value);
  else if (name === "unless" || value !== undefined) walkProgram(walk, node.program, scope);
  walkProgram(walk, node.inverse, scope);
}

function walkEach(walk: Walk, node: hbs.AST.BlockStatement, scope: Scope, value: unknown): void {
  const items = value === anything ? [anything] : Array.isArray(value) ? (value as unknown[]) : [];
  if (value !== anything && value != null && !Array.isArray(value)) {
    say(walk, node, "each is given what is no list");
  }
  if (items.length === 0) return leaveUnreached(walk, node, "the list is empty in every sample");
  walk.unreached.set(node, null);
  const [item, index] = node.program.blockParams ?? [];
  items.forEach((one, at) => {
    const names = new Map<string, unknown>();
    if (item !== undefined) names.set(item, one);
    if (index !== undefined) names.set(index, at);
    walkProgram(walk, node.program, childScope(scope, one, names));
  });
}

function walkWith(walk: Walk, node: hbs.AST.BlockStatement, scope: Scope, value: unknown): void {
  if (value == null) return leaveUnreached(walk, node, "it is null in every sample");
  walk.unreached.set(node, null);
  const [name] = node.program.blockParams ?? [];
  const names = new Map(name === undefined ? [] : [[name, value]]);
  walkProgram(walk, node.program, childScope(scope, value, names));
}

function walkPartial(walk: Walk, node: hbs.AST.PartialStatement, scope: Scope): void {
  const name = (node.name as Path).original;
  const program = walk.partials.get(name);
  if (program === undefined) return say(walk, node, `no partial "${name}"`);
  const hash = evaluateHash(walk, node.hash, scope);
  const read = namesRead(program);
  for (const given of Object.keys(hash)) {
    if (!read.has(given)) say(walk, node, `partial "${name}" never reads ${given}`);
  }
  const [subject] = node.params;
  const context = subject === undefined ? {} : evaluate(walk, subject, scope);
  if (context == null || walk.stack.length > 20) return;
  const isHash = subject === undefined;
  const inside = context === anything ? context : { ...(context as object), ...hash };
  walk.stack.push(name);
  walkProgram(walk, program, { context: inside, parent: null, names: new Map(), isHash });
  walk.stack.pop();
}

/** The value of an expression in the sample; `undefined` for a parameter that was left out. */
function evaluate(walk: Walk, node: hbs.AST.Expression, scope: Scope): unknown {
  if (node.type === "PathExpression") {
    const found = find(walk, node as Path, scope);
    if (found.kind === "left-out") return undefined;
    return found.kind === "value" ? found.value : anything;
  }
  if (node.type === "SubExpression")
    return evaluateCall(walk, node as hbs.AST.SubExpression, scope);
  return "value" in node ? (node.value as unknown) : null;
}

function evaluateCall(walk: Walk, node: Callable, scope: Scope): unknown {
  const name = (node.path as Path).original;
  if (!helperNames.has(name)) say(walk, node, `no helper "${name}"`);
  const values = node.params.map((param) => evaluate(walk, param, scope));
  const hash = evaluateHash(walk, node.hash, scope);
  const call = { name, values, hash, prefix: concatPrefix(node.params[0]) };
  const fault = faultOfCall(call, walk.options.translations, walk.icons);
  if (fault !== null) say(walk, node, fault);
  const isUndecided = values.some((value) => value !== undefined && value !== false);
  return name === "or" && !isUndecided ? undefined : anything;
}

function evaluateHash(
  walk: Walk,
  hash: hbs.AST.Hash | undefined,
  scope: Scope,
): Record<string, unknown> {
  const pairs = (hash?.pairs ?? []).map(
    ({ key, value }) => [key, evaluate(walk, value, scope)] as const,
  );
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

function find(walk: Walk, path: Path, scope: Scope): Found {
  const found = path.data ? findData(walk, path) : follow(scope, path.depth, path.parts);
  if (found.kind === "missing") say(walk, path, `no ${path.original} in the model`);
  if (found.kind === "behind-null") leaveUnreached(walk, path, `${path.original} is behind a null`);
  if (found.kind === "value") walk.unreached.set(path, null);
  return found;
}

function findData(walk: Walk, path: Path): Found {
  const [first, ...rest] = path.parts;
  if (first === "site") return into(walk.options.site, rest);
  const isLoop = ["index", "first", "last", "key"].includes(first ?? "");
  return isLoop ? { kind: "value", value: anything } : { kind: "missing", name: path.original };
}

/** Shared partials are walked with full samples by their own test, so only pages are held to it. */
function leaveUnreached(walk: Walk, node: Node, text: string): void {
  if (walk.stack.length > 1 || walk.unreached.has(node)) return;
  walk.unreached.set(node, placed(walk, node, text));
}

function say(walk: Walk, node: Node, text: string): void {
  walk.faults.add(placed(walk, node, text));
}

function placed(walk: Walk, node: Node, text: string): string {
  return `${walk.stack.at(-1) ?? ""}:${node.loc.start.line}: ${text}`;
}

function hasArguments(node: hbs.AST.MustacheStatement): boolean {
  return node.params.length > 0 || (node.hash?.pairs.length ?? 0) > 0;
}

function concatPrefix(node: hbs.AST.Expression | undefined): string | null {
  if (node?.type !== "SubExpression") return null;
  const [first] = (node as hbs.AST.SubExpression).params;
  return first?.type === "StringLiteral" ? (first as hbs.AST.StringLiteral).value : null;
}

/** First names of every path of a partial: what it can read of its parameters. */
function namesRead(program: hbs.AST.Program): ReadonlySet<string> {
  const names = new Set<string>();
  const visitor = new Handlebars.Visitor();
  visitor.PathExpression = (path: Path) => {
    if (!path.data && path.parts[0] !== undefined) names.add(path.parts[0]);
  };
  visitor.accept(program);
  return names;
}
