import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { storePlace } from "../app.js";
import type { Config } from "../config.js";
import type { Place } from "../drivers/backup/restore.js";
import {
  closeStaging,
  isBeingRestored,
  openStaging,
  takePlaces,
} from "../drivers/backup/staging.js";
import { createFileMedia } from "../drivers/media.js";
import type { WholeStore } from "../drivers/store/collection.js";
import { isMongo, openAlone } from "../drivers/store/open.js";
import { clearPart, isEmpty, partNames } from "../drivers/store/parts.js";
import { bePresent } from "../drivers/store/presence.js";
import { beginCopy, endCopy, unfinishedCopy } from "../drivers/store/unfinished.js";
import { CommandFailed } from "./io.js";

/** A deployment that a backup is restored into, with nobody else at work in it. */
export interface Vacancy {
  /** Run `fill` on an empty place; what it put there takes the place of what was there once it is done. */
  refill(from: string, fill: (place: Place) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Have the configured place alone.
 * @throws StoreInUse when a server works with it; CommandFailed when it holds something and may not be
 *   emptied, unless what it holds is a restore that did not end
 */
export async function openVacancy(config: Config, force: boolean): Promise<Vacancy> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const where = storePlace(config);
  // A file is locked until what was restored takes its place.
  const present = isMongo(where) || existsSync(where) ? await openAlone(where) : null;
  const close = async (): Promise<void> => present?.close();
  try {
    if (!force) await refuseFull(config.dataDir, present);
    const leave = isMongo(where) && present !== null ? await bePresent(present, "restore") : null;
    return {
      refill: (from, fill) =>
        isMongo(where) && present !== null
          ? refillMongo(config.dataDir, present, { from, fill })
          : refillFile(config.dataDir, close, fill),
      close: async () => {
        await leave?.();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function refuseFull(dataDir: string, store: WholeStore | null): Promise<void> {
  const unfinished = store === null ? null : await unfinishedCopy(store);
  if (isBeingRestored(dataDir) || unfinished?.by === "restore") return;
  const media = createFileMedia(join(dataDir, "media"));
  for await (const { owner } of media.list()) {
    throw new CommandFailed(`There are pictures in ${dataDir} (${owner}). ${replace}`);
  }
  if (store !== null && !(await isEmpty(store)))
    throw new CommandFailed(`The store is not empty. ${replace}`);
}

const replace = "Add --force to replace everything that is there; take a backup of it before.";

/** The new file is made beside the old one. */
async function refillFile(
  dataDir: string,
  release: () => Promise<void>,
  fill: (place: Place) => Promise<void>,
): Promise<void> {
  const folder = await openStaging(dataDir);
  try {
    const store = await openAlone(join(folder, "parvis.db"));
    try {
      await fill({ store, ...partsBeside(folder) });
      await store.check();
    } finally {
      await store.close();
    }
  } catch (error) {
    await closeStaging(dataDir);
    throw error;
  }
  // No server opens the file from here on: the folder tells it not to.
  await release();
  await takePlaces(dataDir);
  await closeStaging(dataDir);
}

interface Filling {
  readonly from: string;
  readonly fill: (place: Place) => Promise<void>;
}

/** A database cannot be exchanged: it is emptied, and marked until all is there. */
async function refillMongo(
  dataDir: string,
  store: WholeStore,
  { from, fill }: Filling,
): Promise<void> {
  await beginCopy(store, { by: "restore", from });
  const folder = await openStaging(dataDir);
  for (const name of await partNames(store)) await clearPart(store, name);
  await fill({ store, ...partsBeside(folder) });
  await takePlaces(dataDir);
  await endCopy(store);
  await closeStaging(dataDir);
}

function partsBeside(folder: string): Omit<Place, "store"> {
  return {
    media: createFileMedia(join(folder, "media")),
    keepSecret: (secret) =>
      writeFile(join(folder, "secret"), `${secret}\n`, { mode: 0o600, flush: true }),
  };
}
