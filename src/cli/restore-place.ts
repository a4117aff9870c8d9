import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.js";
import type { Place } from "../drivers/backup/restore.js";
import {
  closeStaging,
  isBeingRestored,
  openStaging,
  takePlaces,
} from "../drivers/backup/staging.js";
import { openMedia } from "../drivers/media/open.js";
import type { WholeStore } from "../drivers/store/collection.js";
import {
  forgetDeploymentId,
  keepDeploymentId,
  knownDeploymentId,
} from "../drivers/store/deployment-id.js";
import { isMongo, openAlone, openToRead, type Alone } from "../drivers/store/open.js";
import { clearPart, isEmpty, partNames } from "../drivers/store/parts.js";
import {
  beginCopy,
  endCopy,
  forgetMoved,
  refuseMarked,
  unfinishedCopy,
} from "../drivers/store/unfinished.js";
import { storePlace } from "../hosting/opening.js";
import { CommandFailed } from "./io.js";
import { stageMedia, type StagedMedia } from "./restore-media.js";

/** Puts what is restored into its place. */
type Fill = (place: Place) => Promise<void>;

/** A deployment that a backup is restored into, with nobody else at work in it. */
export interface Vacancy {
  /** Run `fill` on an empty place; what it put there takes the place of what was there once it is done. */
  refill(from: string, fill: Fill): Promise<void>;
  /** Whether nothing was there, so that what waits in Redis is of another place. */
  readonly wasEmpty: boolean;
  close(): Promise<void>;
}

/** How a place is to be had. */
export interface Wish {
  /** Whether what is there may be replaced. */
  readonly force: boolean;
  readonly onWait: () => void;
}

/**
 * Have the configured place alone.
 * @throws StoreInUse when a server works with it; CommandFailed when it holds something and may not be
 *   emptied, unless what it holds is a restore that did not end
 */
export async function openVacancy(config: Config, { force, onWait }: Wish): Promise<Vacancy> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const where = storePlace(config);
  // A file is locked until what was restored takes its place; one that is missing is made for that.
  const present = await openAlone(where, { what: "restore", onWait });
  try {
    await refuseMarked(present.store, ["leaving"]);
    if (!force) await refuseFull(config, present.store);
    const id = await ownDeploymentId(present.store);
    const fillKeepingId = async (place: Place, fill: Fill): Promise<void> => {
      await fill(place);
      if (id !== null) await keepDeploymentId(place.store, where, id);
    };
    return {
      wasEmpty: await isEmpty(present.store),
      refill: (from, fill) =>
        isMongo(where)
          ? refillMongo(config, present, { from, fill })
          : refillFile(config, present.close, (place) => fillKeepingId(place, fill)),
      close: present.close,
    };
  } catch (error) {
    await present.close();
    throw error;
  }
}

/** Half a move may bear the name of a store that stayed, and goes on under it. */
async function ownDeploymentId(store: WholeStore): Promise<string | null> {
  const isHalf = (await unfinishedCopy(store))?.by === "move-store";
  return isHalf ? null : knownDeploymentId(store);
}

/**
 * Look, while servers may be at work there, whether the configured place can be restored into without force.
 * @throws CommandFailed when it holds something
 */
export async function refuseFullPlace(config: Config): Promise<void> {
  const where = storePlace(config);
  const store = isMongo(where) || existsSync(where) ? await openToRead(where) : null;
  try {
    await refuseFull(config, store);
  } finally {
    await store?.close();
  }
}

async function refuseFull(config: Config, store: WholeStore | null): Promise<void> {
  const unfinished = store === null ? null : await unfinishedCopy(store);
  if (isBeingRestored(config.dataDir) || unfinished?.by === "restore") return;
  await refusePictures(config);
  if (store !== null && !(await isEmpty(store)))
    throw new CommandFailed(`The store is not empty. ${replace}`);
}

async function refusePictures(config: Config): Promise<void> {
  const media = await openMedia(config);
  const where = config.s3 === null ? config.dataDir : `the bucket ${config.s3.bucket}`;
  try {
    for await (const { owner } of media.list()) {
      const others = config.s3 === null ? "" : ` ${ofAnother}`;
      throw new CommandFailed(`There are pictures in ${where} (${owner}). ${replace}${others}`);
    }
  } finally {
    await media.close();
  }
}

const replace = "Add --force to replace everything that is there; take a backup of it before.";

const ofAnother =
  "If another deployment keeps its own there, as beside a trial, name another bucket: they would be removed.";

/** The new file is made beside the old one. */
async function refillFile(config: Config, release: () => Promise<void>, fill: Fill): Promise<void> {
  const { dataDir } = config;
  const folder = await openStaging(dataDir);
  const staged = await gather(dataDir, () => stageMedia(config, folder));
  try {
    await gather(dataDir, () => fillFile(folder, staged, fill));
    // No server opens the file from here on: the folder tells it not to.
    await release();
    await takePlaces(dataDir);
    await staged.keepOnlyThese();
    await closeStaging(dataDir);
  } finally {
    await staged.media.close();
  }
}

/** Until what is gathered takes its place, the data folder is as it was, and is served as it was when that fails. */
async function gather<R>(dataDir: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    await closeStaging(dataDir);
    throw error;
  }
}

async function fillFile(folder: string, { media }: StagedMedia, fill: Fill): Promise<void> {
  const { store, close } = await openAlone(join(folder, "parvis.db"), { what: "restore" });
  try {
    await fill({ store, media, keepSecret: keepSecretIn(folder) });
    await store.check();
  } finally {
    await close();
  }
}

interface Filling {
  readonly from: string;
  readonly fill: Fill;
}

/** A database cannot be exchanged: it is emptied, and marked until all is there. */
async function refillMongo(config: Config, alone: Alone, { from, fill }: Filling): Promise<void> {
  const { dataDir } = config;
  const { store } = alone;
  await beginEmptying(alone, from);
  const folder = await openStaging(dataDir);
  const staged = await gather(dataDir, () => stageMedia(config, folder));
  try {
    await gather(dataDir, async () => {
      for (const name of await partNames(store)) await clearPart(store, name);
      await fill({ store, media: staged.media, keepSecret: keepSecretIn(folder) });
    });
    await takePlaces(dataDir);
    await staged.keepOnlyThese();
    await alone.refuseOthers();
    await forgetMoved(store);
    await endCopy(store);
    await closeStaging(dataDir);
  } finally {
    await staged.media.close();
  }
}

/** Whoever came while the file was checked has seen no mark, and is still to find everything. */
async function beginEmptying({ store, refuseOthers }: Alone, from: string): Promise<void> {
  const wasBegun = (await unfinishedCopy(store)) !== null;
  if ((await ownDeploymentId(store)) === null) await forgetDeploymentId(store);
  await beginCopy(store, { by: "restore", from });
  try {
    await refuseOthers();
  } catch (error) {
    if (!wasBegun) await endCopy(store);
    throw error;
  }
}

function keepSecretIn(folder: string): Place["keepSecret"] {
  return (secret) => writeFile(join(folder, "secret"), `${secret}\n`, { mode: 0o600, flush: true });
}
