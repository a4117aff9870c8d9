import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock, Ids } from "../drivers/clock.js";
import type { IndexSpec, Store } from "../drivers/store/collection.js";
import {
  instanceOf,
  type Deletion,
  type Instance,
  type InstanceChange,
  type InstanceProfile,
  type InstanceRecord,
  type InstanceState,
  type Suspension,
} from "../kit/instance.js";
import type { LimitChanges } from "../kit/limits.js";
import { hostsBeginning } from "./host-search.js";
import { namesOf, orTaken, refuseTaken, type StoredInstance } from "./instance-names.js";

/** Indexes of the deployment-wide register of instances. */
export const instanceIndexes: readonly IndexSpec[] = [
  { keys: { host: 1 }, unique: true },
  { keys: { aliases: 1 } },
  // One name leads to one instance, whether it is its host there or an alias.
  { keys: { names: 1 }, unique: true, partialFilterExpression: { names: { $gt: "" } } },
  { keys: { state: 1, _id: 1 } },
  { keys: { state: 1, host: 1 } },
];

/** What is needed to make an instance; the rest has defaults. */
export type NewInstance = Pick<InstanceRecord, "origin" | "name" | "language" | "kind"> &
  Partial<Pick<InstanceRecord, "aliases" | "handle" | "tagline" | "timezone" | "hue">> & {
    /** SHA-256 (hex) of the set-up token; null makes the instance active at once, unless it is to be `new`. */
    setUpTokenHash: string | null;
    /** Whoever makes it has more to do before it is active. */
    state?: "new";
  };

/**
 * What an instance has to be for a change of it; its deletion as far as its step, its profile its version, its
 * suspension since when.
 */
export type Expected = Partial<
  Pick<InstanceRecord, "setUpTokenHash" | "setUpBegunAt" | "state">
> & {
  readonly deletion?: Pick<Deletion, "step">;
  readonly profile?: Pick<InstanceProfile, "version">;
  readonly suspension?: Pick<Suspension, "at">;
};

/** The register of instances; look-ups by host are cached for two seconds at most. */
export interface Instances {
  /** By canonical host or alias (lower case, no port), or null. */
  byHost(host: string): Promise<Instance | null>;
  byId(id: string): Promise<Instance | null>;
  /** @throws HostTaken when another one has the host or an alias */
  create(input: NewInstance): Promise<Instance>;
  /**
   * Change an instance; with `expected`, only while it still has those values. Null when not, also for
   * another handle once the instance was set up: others know it by the one it has.
   */
  update(id: string, change: InstanceChange, expected?: Expected): Promise<Instance | null>;
  /**
   * The instance that waits for its set-up, brought to `origin`, with a link that works; null when none
   * waits. Nothing outside knows its address yet. `hashFor` gives the hash of the link's token, by the
   * instance's id. @throws HostTaken
   */
  reopen(origin: string, hashFor: (id: string) => string): Promise<Instance | null>;
  list(): AsyncIterable<Instance>;
  /** Those whose host begins so, by host, from behind `after` on. */
  page(wish: InstancesWish): Promise<readonly Instance[]>;
  /** Those in a state, the first made first. */
  inState(state: InstanceState, limit: number): Promise<readonly Instance[]>;
  /** How many there are, in all or in a state, counted up to `limit`. */
  count(limit: number, state?: InstanceState): Promise<number>;
}

/** Which instances are wanted. */
export interface InstancesWish {
  /** How their host begins, as somebody typed it; all of them when it is empty. */
  readonly begins: string;
  /** What they are; anything when absent. */
  readonly state?: InstanceState | null;
  readonly after: string | null;
  readonly limit: number;
}

const byName = { sort: { host: 1 } } as const;

/** SHA-256 in hex, for one-time tokens that are stored only as their hash. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** What the register needs beside its store. */
export interface InstancesParts {
  readonly clock: Clock;
  readonly ids: Ids;
  /** How many hosts are remembered at most, and for how long. */
  readonly most?: number;
  readonly keptMs?: number;
}

/** Open the register on a store. An instance is read when it is first asked for, and forgotten again. */
export function createInstances(
  store: Store,
  { clock, ids, most = 5_000, keptMs = 2_000 }: InstancesParts,
): Instances {
  const rows = store.collection<StoredInstance>("instances");
  const hosts = new LRUCache<string, { found: Instance | null }>({ max: most, ttl: keptMs });

  async function byHost(host: string): Promise<Instance | null> {
    const cached = hosts.get(host);
    if (cached !== undefined) return cached.found;
    const record = (await rows.findOne({ host })) ?? (await rows.findOne({ aliases: host }));
    const found = record === null ? null : instanceOf(record);
    hosts.set(host, { found });
    return found;
  }

  async function create(input: NewInstance): Promise<Instance> {
    const record = newRecord(input, ids.next(), clock.now());
    await refuseTaken(rows, record.names);
    await orTaken(rows, record.names, () => rows.insertOne(record));
    hosts.clear();
    return instanceOf(record);
  }

  return {
    byHost,
    create,
    async byId(id) {
      const record = await rows.findOne({ _id: id });
      return record === null ? null : instanceOf(record);
    },
    async update(id, change, expected = {}) {
      const { limits = {}, ...others } = change;
      const untold = others.handle === undefined ? {} : { state: "new" as const };
      const record = await rows.findOneAndUpdate(
        { ...filterOf(expected), ...untold, _id: id },
        changeOf(others, limits),
        { returnDocument: "after" },
      );
      hosts.clear();
      return record === null ? null : instanceOf(record);
    },
    async reopen(origin, hashFor) {
      const invited = { state: "new", setUpTokenHash: { $ne: null } } as const;
      const waiting = await rows.findOne(invited, { sort: { _id: 1 } });
      if (waiting === null) return null;
      const { _id } = waiting;
      const url = new URL(origin);
      const host = url.hostname.toLowerCase();
      const place = { host, origin: url.origin, names: namesOf(host, waiting.aliases) };
      const record = await orTaken(rows, place.names, () =>
        rows.findOneAndUpdate(
          { _id, ...invited },
          { $set: { ...place, setUpTokenHash: hashFor(_id) } },
          { returnDocument: "after" },
        ),
      );
      hosts.clear();
      return record === null ? null : instanceOf(record);
    },
    async *list() {
      for await (const record of rows.find({}, { sort: { _id: 1 } })) yield instanceOf(record);
    },
    async page({ begins, state = null, after, limit }) {
      const behind = after === null ? {} : { $gt: after };
      const { prefixes, isMeant } = hostsBeginning(begins);
      const ranges = prefixes.map((from) => ({
        host: { $gte: from, $lt: `${from}\uffff`, ...behind },
      }));
      const all = after === null ? {} : { host: behind };
      const those = begins === "" ? all : { $or: ranges };
      const wanted = state === null ? those : { ...those, state };
      const found: Instance[] = [];
      for await (const record of rows.find(wanted, byName)) {
        if (found.length === limit) break;
        if (isMeant(record.host)) found.push(instanceOf(record));
      }
      return found;
    },
    async inState(state, limit) {
      const found = await rows.find({ state }, { sort: { _id: 1 }, limit }).toArray();
      return found.map(instanceOf);
    },
    count: (limit, state) => rows.countDocuments(state === undefined ? {} : { state }, { limit }),
  };
}

function filterOf({ deletion, profile, suspension, ...expected }: Expected) {
  return {
    ...expected,
    ...(suspension === undefined ? {} : { "suspension.at": suspension.at }),
    ...(deletion === undefined ? {} : { "deletion.step": deletion.step ?? null }),
    // One that nobody has saved yet may not be there at all.
    ...(profile === undefined ? {} : { "profile.version": profile.version || null }),
  };
}

/** Each limit is changed by itself: who changes another one meanwhile is heard, too. */
function changeOf(others: Omit<InstanceChange, "limits">, limits: LimitChanges) {
  const changed = (isBack: boolean): ReadonlyArray<[string, number | null | "default"]> =>
    Object.entries(limits)
      .filter(([, limit]) => (limit === "default") === isBack)
      .map(([what, limit]) => [`limits.${what}`, limit]);
  const back = changed(true).map(([field]) => [field, ""]);
  return {
    $set: { ...others, ...Object.fromEntries(changed(false)) },
    ...(back.length === 0 ? {} : { $unset: Object.fromEntries(back) as Record<string, ""> }),
  };
}

function newRecord(input: NewInstance, id: string, now: Date) {
  const url = new URL(input.origin);
  const host = url.hostname.toLowerCase();
  const [, ...aliases] = namesOf(
    host,
    (input.aliases ?? []).map((alias) => alias.toLowerCase()),
  );
  return {
    _id: id,
    host,
    origin: url.origin,
    aliases,
    names: [host, ...aliases],
    kind: input.kind,
    name: input.name,
    handle: input.handle ?? handleFrom(input.name),
    tagline: input.tagline ?? "",
    language: input.language,
    timezone: input.timezone ?? "Europe/Paris",
    hue: input.hue ?? 195,
    state: input.state ?? (input.setUpTokenHash === null ? "active" : "new"),
    setUpTokenHash: input.setUpTokenHash,
    createdAt: now,
  } as const satisfies StoredInstance;
}

/** A network handle made of a name: `[a-z0-9_]{1,30}`. */
export function handleFrom(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return plain.slice(0, 30).replace(/_+$/, "") || "mairie";
}
