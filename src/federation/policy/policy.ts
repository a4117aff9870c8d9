import { LRUCache } from "lru-cache";
import type { Ctx } from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { namesFor } from "./hosts.js";
import {
  allowedCollection,
  blocksCollection,
  settingsCollection,
  type Block,
  type Settings,
  type Severity,
} from "./records.js";

/**
 * How we stand to a server or an actor. `limited`: we talk, and what comes is held for moderators.
 * With the last three we do not talk, in neither direction.
 */
export type Standing = "well" | "limited" | "blocked" | "not-listed" | "closed";

/** Whether we talk at all with who stands like this. */
export function mayTalk(standing: Standing): boolean {
  return standing === "well" || standing === "limited";
}

/** The one place that answers with whom an instance talks, and how. */
export interface Policy {
  settings(ctx: Ctx): Promise<Settings>;
  /** The worst standing of some http(s) addresses: of actors, keys, inboxes or documents. */
  standing(ctx: Ctx, uris: readonly string[]): Promise<Standing>;
  /** Those addresses, of a page of at most 1,000, that we do not talk with; read together. */
  unwanted(ctx: Ctx, uris: readonly string[]): Promise<Set<string>>;
  /** Have what was just changed count at once in this process. */
  forget(): void;
}

/** How an instance stands to the network while nobody has changed it. */
export const usual: Settings = { mode: "open", signedReads: false };
const worstFirst: readonly Standing[] = ["closed", "blocked", "not-listed", "limited", "well"];
/** Names asked for in one query. */
const batch = 1_000;

/** What an instance's lists say about some names. */
interface Listed {
  readonly severities: ReadonlyMap<string, Severity>;
  readonly allowed: ReadonlySet<string>;
}

/**
 * Open the policy. What it has read counts for `keptMs`, so that a change made by another process
 * is seen after that time at the latest.
 */
export function createPolicy(keptMs: number): Policy {
  const known = new LRUCache<string, Settings>({
    ...{ max: 5_000, ttl: keptMs },
  });
  const standings = new LRUCache<string, Standing>({
    ...{ max: 20_000, maxSize: 4_000_000, ttl: keptMs },
    sizeCalculation: (_standing, key) => key.length,
  });

  async function settings(ctx: Ctx) {
    const kept = known.get(ctx.instance._id);
    if (kept !== undefined) return kept;
    const found = await readSettings(ctx);
    known.set(ctx.instance._id, found);
    return found;
  }

  async function standingsOf(ctx: Ctx, uris: readonly string[]): Promise<Standing[]> {
    const { mode } = await settings(ctx);
    if (mode === "closed") return uris.map(() => "closed");
    const keyOf = (uri: string): string => `${ctx.instance._id} ${uri}`;
    // Held from now on: what is remembered may run out while the rest is read.
    const found = new Map<string, Standing>();
    for (const uri of uris) {
      const standing = standings.get(keyOf(uri));
      if (standing !== undefined) found.set(uri, standing);
    }
    const missing = uris.filter((uri) => !found.has(uri));
    if (missing.length > 0) {
      const listed = await lookUp(
        ctx,
        [...new Set(missing.flatMap(namesOf))],
        mode === "allow-list",
      );
      for (const uri of missing) {
        const standing = judge(ctx, uri, listed, mode === "allow-list");
        found.set(uri, standing);
        standings.set(keyOf(uri), standing);
      }
    }
    return uris.map((uri) => found.get(uri) ?? "blocked");
  }

  return {
    settings,
    async standing(ctx, uris) {
      const all = await standingsOf(ctx, [...new Set(uris)]);
      return worstFirst.find((one) => all.includes(one)) ?? "well";
    },
    async unwanted(ctx, uris) {
      const all = await standingsOf(ctx, uris);
      return new Set(uris.filter((_uri, at) => !mayTalk(all[at] ?? "blocked")));
    },
    forget() {
      known.clear();
      standings.clear();
    },
  };
}

/** How an instance stands to the network, as stored; as usual while nobody changed it. */
export async function readSettings(ctx: Ctx): Promise<Settings> {
  const stored = await ctx.collection(settingsCollection).findOne({ _id: ctx.instance._id });
  return stored ?? usual;
}

/**
 * Tells which of some addresses an instance does not talk with: for pages, which say what can be done
 * now. Made for one request or job, whose first question reads the mode for all of its others. Addresses
 * of its own are among them while it is closed.
 */
export function createUnwanted(ctx: Ctx): Ctx["unwanted"] {
  const asked: { settings?: Promise<Settings> } = {};
  return async (uris) => {
    const { mode } = await (asked.settings ??= readSettings(ctx));
    if (mode === "closed") return new Set(uris);
    const own = hostOf(ctx.instance.origin);
    const others = uris.filter((uri) => hostOf(uri) !== own);
    if (others.length === 0) return new Set();
    const isAllowList = mode === "allow-list";
    const listed = await lookUp(ctx, [...new Set(others.flatMap(namesOf))], isAllowList);
    return new Set(others.filter((uri) => !mayTalk(judge(ctx, uri, listed, isAllowList))));
  };
}

/** The blocks, of servers or of domains that they lie in, that count for some hosts. */
export async function blocksAmong(
  ctx: Ctx,
  hosts: readonly string[],
): Promise<Map<string, Pick<Block, "who" | "severity">>> {
  const names = [...new Set(hosts.flatMap(namesFor))];
  const { severities } = names.length === 0 ? nothingListed : await lookUp(ctx, names, false);
  const found = new Map<string, Pick<Block, "who" | "severity">>();
  for (const host of hosts) {
    const listed = namesFor(host).filter((name) => severities.has(name));
    const who = listed.find((name) => severities.get(name) === "blocked") ?? listed[0];
    if (who !== undefined) found.set(host, { who, severity: severities.get(who) ?? "blocked" });
  }
  return found;
}

/** Whether a rule of its own, not one about its host, blocks this very actor; read afresh. */
export async function isActorBlocked(ctx: Ctx, uri: string): Promise<boolean> {
  const row = await ctx.collection(blocksCollection).findOne({ who: uri });
  return row !== null && (row.severity ?? "blocked") === "blocked";
}

/** Whether what comes from a host is held for moderators; one indexed read. */
export async function isLimitedHost(ctx: Ctx, host: string): Promise<boolean> {
  const names = namesFor(host);
  if (names.length === 0) return false;
  const { severities } = await lookUp(ctx, names, false);
  return [...severities.values()].includes("limited");
}

function namesOf(uri: string): string[] {
  return [uri, ...namesFor(hostOf(uri) ?? "")];
}

const nothingListed: Listed = { severities: new Map(), allowed: new Set() };

async function lookUp(ctx: Ctx, names: readonly string[], withAllowed: boolean): Promise<Listed> {
  const severities = new Map<string, Severity>();
  const allowed = new Set<string>();
  for (let at = 0; at < names.length; at += batch) {
    const some = names.slice(at, at + batch);
    const limit = some.length;
    const [blocks, rows] = await Promise.all([
      ctx
        .collection(blocksCollection)
        .find({ who: { $in: some } }, { limit })
        .toArray(),
      withAllowed
        ? ctx
            .collection(allowedCollection)
            .find({ host: { $in: some } }, { limit })
            .toArray()
        : [],
    ]);
    for (const { who, severity } of blocks) severities.set(who, severity ?? "blocked");
    for (const { host } of rows) allowed.add(host);
  }
  return { severities, allowed };
}

/** An address that names no host is nobody's that we talk with; our own always is. */
function judge(ctx: Ctx, uri: string, listed: Listed, isAllowList: boolean): Standing {
  const host = hostOf(uri);
  if (host === null) return "blocked";
  if (host === hostOf(ctx.instance.origin)) return "well";
  const names = namesOf(uri);
  const found = names.map((name) => listed.severities.get(name));
  if (found.includes("blocked")) return "blocked";
  if (isAllowList && !names.some((name) => listed.allowed.has(name))) return "not-listed";
  return found.includes("limited") ? "limited" : "well";
}
