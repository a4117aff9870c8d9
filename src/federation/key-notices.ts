import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../drivers/clock.js";
import { defineCollection, type Ctx } from "../kit/index.js";
import type { JsonObject } from "./remote-document.js";

/**
 * An actor elsewhere whose keys are others now, or who is gone. Each process keeps keys of its own: this
 * is how those hear of it that did not read the actor. Rows outlive every kept key, then go.
 */
interface KeyNotice {
  /** Of the instance and the owner. */
  readonly _id: string;
  readonly owner: string;
  readonly at: Date;
  readonly expiresAt: Date;
}

export const keyNoticesCollection = defineCollection<KeyNotice>("keyNotices", [
  { keys: { at: 1, _id: 1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

const keptMs = 25 * 3_600_000;

/** Have every process of the deployment forget an actor's keys; told again, the last time counts. */
export async function tellKeysChanged(ctx: Ctx, owner: string): Promise<void> {
  const at = ctx.clock.now();
  await ctx
    .collection(keyNoticesCollection)
    .updateOne(
      { _id: hash("sha256", `${ctx.instance._id}\n${owner}`) },
      { $set: { owner, at, expiresAt: new Date(at.getTime() + keptMs) } },
      { upsert: true },
    );
}

/** The keys that an actor lists, in a few characters: others when one was added, replaced or given up. */
export function digestOfKeys({ publicKey, assertionMethod }: JsonObject): string {
  return hash("sha256", JSON.stringify([publicKey ?? null, assertionMethod ?? null]), "base64url");
}

/** The owners of keys of whom was told since an instance was last asked for. */
export type KeyNews = (ctx: Ctx) => Promise<readonly string[]>;

/** Clocks of processes may differ by this much. */
const skewMs = 120_000;
/** A look for a key that began before its owner told may end this much later. */
const lateMs = 10_000;
const batch = 500;

/** Hears what was told, no more often than once in `everyMs` for one instance; others get nothing. */
export function createKeyNews(clock: Clock, everyMs: number): KeyNews {
  const openedAt = clock.now().getTime();
  const heardAt = new LRUCache<string, number>({ max: 10_000 });
  const heeded = new LRUCache<string, number>({ max: 20_000 });
  const underWay = new Map<string, Promise<readonly string[]>>();

  function isNew({ _id, at }: KeyNotice, now: number): boolean {
    const time = at.getTime();
    if (heeded.get(_id) === time) return false;
    if (now - time >= lateMs) heeded.set(_id, time);
    return true;
  }

  async function hear(ctx: Ctx, since: number): Promise<readonly string[]> {
    const now = clock.now().getTime();
    const owners: string[] = [];
    let after: object = { at: { $gte: new Date(since - skewMs) } };
    for (;;) {
      const told = await ctx
        .collection(keyNoticesCollection)
        .find(after, { sort: { at: 1, _id: 1 }, limit: batch })
        .toArray();
      owners.push(...told.filter((one) => isNew(one, now)).map(({ owner }) => owner));
      const last = told.length < batch ? undefined : told.at(-1);
      if (last === undefined) break;
      const { at, _id } = last;
      after = { $or: [{ at: { $gt: at } }, { at, _id: { $gt: _id } }] };
    }
    heardAt.set(ctx.instance._id, now);
    return owners;
  }

  return (ctx) => {
    const { _id } = ctx.instance;
    const running = underWay.get(_id);
    if (running !== undefined) return running;
    const since = heardAt.get(_id) ?? openedAt;
    if (clock.now().getTime() - since < everyMs) return Promise.resolve([]);
    const work = hear(ctx, since).finally(() => underWay.delete(_id));
    underWay.set(_id, work);
    return work;
  };
}
