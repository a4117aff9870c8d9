import type { WholeStore } from "./collection.js";
import { refuseOthers } from "./presence.js";
import { openSqliteStore } from "./sqlite.js";

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
 * The same with nobody else at work in it: a file is locked until it is closed; of MongoDB, processes
 * that said that they are there were looked for once.
 * @throws StoreInUse when there is somebody
 */
export async function openAlone(where: string): Promise<WholeStore> {
  if (!isMongo(where)) return openSqliteStore(where, { hold: "alone", ttlIntervalMs: 0 });
  const store = await openMongo(where);
  try {
    await refuseOthers(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What a store may be called in messages: the address without its user, password and options. */
export function nameOfStore(where: string): string {
  if (!isMongo(where)) return where;
  const [, hosts = "", database = ""] =
    /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]*)\/?([^?]*)/.exec(where) ?? [];
  return `mongodb://${hosts}/${database}`;
}

async function openMongo(url: string): Promise<WholeStore> {
  // The driver is slow to load, and most deployments do without it.
  const { openMongoStore } = await import("./mongo.js");
  return openMongoStore(url);
}
