import type { WholeStore } from "./collection.js";
import { bePresent, refuseOthers, type Presence } from "./presence.js";
import { openSqliteStore } from "./sqlite.js";
import {
  beginLeaving,
  endLeaving,
  markMoved,
  refuseMarked,
  takeBackLeaving,
} from "./unfinished.js";

/** Whether it is an address of MongoDB, and no file. */
export function isMongo(where: string): boolean {
  return /^mongodb(\+srv)?:\/\//.test(where);
}

/** The store at an address of MongoDB or in a file, which is made when it is missing. */
export async function openStore(where: string): Promise<WholeStore> {
  return isMongo(where) ? openMongo(where) : openSqliteStore(where);
}

/**
 * The same for reading it whole. Of a file, everything is read as it was at this moment, whoever
 * writes; MongoDB is read as it goes.
 */
export async function openToRead(where: string): Promise<WholeStore> {
  return isMongo(where)
    ? openMongo(where)
    : openSqliteStore(where, { hold: "snapshot", ttlIntervalMs: 0 });
}

/**
 * The same to work with beside others. On MongoDB this process says that it is there until the store is
 * closed: before it looks for copies and moves, so that either it sees them or they see it.
 * @param what the process is called to whoever wants the store alone
 * @throws CopyUnderWay when the store holds half a copy, is being moved away or was
 */
export async function openToWork(where: string, what: string): Promise<WholeStore> {
  const store = await openStore(where);
  const presence = isMongo(where) ? await presentIn(store, what) : null;
  const close = async (): Promise<void> => {
    await presence?.leave();
    await store.close();
  };
  try {
    await refuseMarked(store);
    return presence === null ? store : { ...store, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A store that nobody else works with. */
export interface Alone {
  readonly store: WholeStore;
  /** Whether nobody can come. */
  readonly isLocked: boolean;
  /**
   * Look again: on MongoDB somebody may have come since, whom only a mark in the store keeps away.
   * @throws StoreInUse when there is somebody
   */
  refuseOthers(): Promise<void>;
  close(): Promise<void>;
}

/** For whom a store is to be had alone. */
export interface Loner {
  /** What the process is called to others. */
  readonly what: string;
  /** Called when it takes up to half a minute to know whether others are there. */
  readonly onWait?: () => void;
}

/**
 * The same with nobody else at work in it: a file is locked until it is closed; on MongoDB this process
 * says that it is there, and then looks for others.
 * @throws StoreInUse when there is somebody
 */
export async function openAlone(where: string, { what, onWait }: Loner): Promise<Alone> {
  if (!isMongo(where)) {
    const store = openSqliteStore(where, { hold: "alone", ttlIntervalMs: 0 });
    return {
      store,
      isLocked: true,
      refuseOthers: async () => undefined,
      close: () => store.close(),
    };
  }
  const store = await openMongo(where);
  const { id, leave } = await presentIn(store, what);
  const alone: Alone = {
    store,
    isLocked: false,
    refuseOthers: () => refuseOthers(store, { but: id, onWait }),
    async close() {
      await leave();
      await store.close();
    },
  };
  try {
    await alone.refuseOthers();
    return alone;
  } catch (error) {
    await alone.close();
    throw error;
  }
}

/**
 * Copy a store away: from here on, and after it was killed, nobody begins to work with the store. `work`
 * is told how to say that all of it is there; where it fails before, the store stays the deployment that it
 * was. A file is locked, and needs no mark until then.
 * @throws StoreInUse, before `work`, when somebody came first
 */
export async function whileLeaving<R>(
  { store, isLocked, refuseOthers: refuse }: Alone,
  to: string,
  work: (isThere: () => Promise<void>) => Promise<R>,
): Promise<R> {
  if (isLocked) return work(() => markMoved(store, to));
  await beginLeaving(store, to);
  try {
    await refuse();
    return await work(async () => {
      await markMoved(store, to);
      await endLeaving(store);
    });
  } catch (error) {
    // A mark that cannot be removed now is the operator's to take back.
    await takeBackLeaving(store).catch(() => undefined);
    throw error;
  }
}

async function presentIn(store: WholeStore, what: string): Promise<Presence> {
  try {
    return await bePresent(store, what);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What a store may be called in messages: the address without its user, password and options. */
export function nameOfStore(where: string): string {
  if (!isMongo(where)) return where;
  const bare = where.replace(/^mongodb(?:\+srv)?:\/\/(?:[^@/?#]*@)?/, "");
  // What stands before another @ may be of a password that was not written as it has to be.
  if (bare.includes("@")) return "mongodb://…";
  const [, hosts = "", database = ""] = /^([^/?]*)\/?([^?]*)/.exec(bare) ?? [];
  return `mongodb://${hosts}/${database}`;
}

async function openMongo(url: string): Promise<WholeStore> {
  // The driver is slow to load, and most deployments do without it.
  const { openMongoStore } = await import("./mongo.js");
  return openMongoStore(url);
}
