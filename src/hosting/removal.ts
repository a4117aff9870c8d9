import { z } from "zod";
import type { Clock } from "../drivers/clock.js";
import type { Media } from "../drivers/media.js";
import { deadCollection } from "../drivers/queue/queue-tables.js";
import type { Row, Store } from "../drivers/store/collection.js";
import {
  defineFeature,
  defineJob,
  emptyProfile,
  type Ctx,
  type Deletion,
  type Feature,
  type Instance,
  type JobDef,
  type ScheduleDef,
} from "../kit/index.js";
import type { DeploymentCollection } from "./collections.js";
import type { Instances } from "./instances.js";
import { keptFilesCollection, type KeptFile } from "./kept-files.js";
import { scopedCollection } from "./scoped-store.js";

/** How an instance takes its leave of other servers. */
export interface Farewell {
  /** Tell of the next few accounts after `upTo`; returns up to which, or null after the last. */
  say(ctx: Ctx, upTo: string | undefined): Promise<string | null>;
  /** Collections that must be there until it has been heard. */
  readonly needs: readonly string[];
  /** How long it may be on its way. */
  readonly lastsMs: number;
}

/** What removing an instance is made of. */
export interface RemovalParts {
  readonly store: Store;
  readonly media: Media;
  readonly instances: Pick<Instances, "byId" | "update">;
  readonly clock: Clock;
  readonly farewell: Farewell;
  /** Every collection in which an instance may have rows; read when it is needed. */
  readonly collections: () => readonly string[];
  /** Those of the deployment, of which some name instances. */
  readonly beside: readonly DeploymentCollection[];
}

/** Rows that are removed in one write, and slices of a run: other work has its turn in between. */
const batch = 500;
/** The same for pictures that no row knows of. */
const filesEach = 50;
const slicesEach = 20;
/** Jobs that were given up, its farewell's among them: they can be run again until it is gone. */
const deadJobs = { name: deadCollection, instanceIn: "owner" } as const;
/** What is still under way when an instance has become a tombstone has ended after this. */
const settledMs = 5 * 60_000;

/**
 * Carries deletions out, in slices that may each be the last one before a crash, and be run again:
 *
 * 1. The grace ends: `deleted` becomes `leaving`, from where nothing leads back.
 * 2. Other servers are told, some accounts at a time; how far stands in the record.
 * 3. All rows are removed but what the farewell needs, pictures with theirs.
 * 4. Once the farewell has had its time, `leaving` becomes `gone`: a tombstone, with nothing that
 *    anybody wrote. No job of it runs any more, so that nothing comes back.
 * 5. The rest is removed, keys, jobs that were given up and pictures of which no row tells included; all
 *    is looked for once more after a while.
 */
export function createRemoval(parts: RemovalParts): Feature {
  const removing: JobDef<Record<string, never>> = defineJob({
    name: "hosting.remove",
    payload: z.object({}),
    runsIn: ["deleted", "leaving", "gone"],
    async run(ctx) {
      for (let done = 0; done < slicesEach; done += 1) {
        if (!(await slice(parts, ctx))) return;
      }
      await ctx.enqueue(removing, {});
    },
  });
  const schedule: ScheduleDef = {
    ...{ key: "hosting-removal", cron: "*/10 * * * *", job: removing },
    isFor: ({ state, deletion }) =>
      deletion != null && deletion.removedAt === undefined && state !== "active",
  };
  return defineFeature({ name: "removal", jobs: [removing], schedules: [schedule] });
}

/** One slice of the work; false when nothing can be done now. */
async function slice(parts: RemovalParts, ctx: Ctx): Promise<boolean> {
  // The record says how far it is, whatever else ran since the job began.
  const instance = await parts.instances.byId(ctx.instance._id);
  if (instance?.deletion == null) return false;
  const { state, deletion } = instance;
  switch (state) {
    case "deleted":
      return leave(parts, instance, deletion);
    case "leaving":
      return takeLeave(parts, { ctx, instance, deletion });
    case "gone":
      return clearAway(parts, ctx, { instance, deletion });
    default:
      return false;
  }
}

async function leave(
  { instances, clock }: RemovalParts,
  { _id }: Instance,
  { until }: Deletion,
): Promise<boolean> {
  if (until > clock.now()) return false;
  // Whoever takes the deletion back at this moment has it first, or not at all.
  return (await instances.update(_id, { state: "leaving" }, { state: "deleted" })) !== null;
}

interface Leaving {
  readonly ctx: Ctx;
  readonly instance: Instance;
  readonly deletion: Deletion;
}

async function takeLeave(
  parts: RemovalParts,
  { ctx, instance, deletion }: Leaving,
): Promise<boolean> {
  const { instances, farewell, clock } = parts;
  const { _id, host } = instance;
  const now = clock.now();
  if (deletion.toldAt === undefined) {
    const told = await farewell.say(ctx, deletion.toldUpTo);
    const howFar = told === null ? { toldAt: now } : { toldUpTo: told };
    await instances.update(_id, { deletion: { ...deletion, ...howFar } }, { state: "leaving" });
    return true;
  }
  const kept = new Set(farewell.needs);
  const first = parts.collections().filter((name) => !kept.has(name));
  if (await removeSome(parts, ctx, first)) return true;
  if (now.getTime() < deletion.toldAt.getTime() + farewell.lastsMs) return false;
  const nothing = { name: host, tagline: "", setUpTokenHash: null, suspension: null };
  const tombstone = { ...nothing, profile: emptyProfile, deletion: { ...deletion, goneAt: now } };
  await instances.update(_id, { ...tombstone, state: "gone" }, { state: "leaving" });
  return true;
}

async function clearAway(
  parts: RemovalParts,
  ctx: Ctx,
  { instance, deletion }: Omit<Leaving, "ctx">,
): Promise<boolean> {
  if (await removeSome(parts, ctx, parts.collections())) return true;
  if (await removeBeside(parts.store, instance._id, [deadJobs])) return true;
  if (await removeFiles(parts.media, instance._id)) return true;
  const now = parts.clock.now();
  if (now.getTime() < (deletion.goneAt?.getTime() ?? 0) + settledMs) return false;
  const done = { deletion: { ...deletion, removedAt: now } };
  await parts.instances.update(instance._id, done, { state: "gone" });
  return false;
}

/** Remove some rows of the first collection that has any; false when none has. */
async function removeSome(
  { store, media, beside }: RemovalParts,
  ctx: Ctx,
  names: readonly string[],
): Promise<boolean> {
  for (const name of names) {
    const rows = scopedCollection<KeptFile>(store, ctx.instance._id, { name, indexes: [] });
    const some = await rows.find({}, { limit: batch, projection: { _id: 1, name: 1 } }).toArray();
    if (some.length === 0) continue;
    if (name === keptFilesCollection.name) {
      for (const file of some) await media.remove(ctx.instance._id, file.name);
    }
    await rows.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
    return true;
  }
  return removeBeside(store, ctx.instance._id, beside);
}

/** The same in the collections of the deployment. */
async function removeBeside(
  store: Store,
  instanceId: string,
  beside: ReadonlyArray<Pick<DeploymentCollection, "name" | "instanceIn">>,
): Promise<boolean> {
  for (const { name, instanceIn } of beside) {
    if (instanceIn === undefined) continue;
    const rows = store.collection<Row>(name);
    const itsOwn = { [instanceIn]: instanceId };
    const some = await rows.find(itsOwn, { limit: batch, projection: { _id: 1 } }).toArray();
    if (some.length === 0) continue;
    await rows.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
    return true;
  }
  return false;
}

/** Remove some pictures that no row tells of, as a move from one place to another leaves them. */
async function removeFiles(media: Media, instanceId: string): Promise<boolean> {
  let removed = 0;
  for await (const { owner, name } of media.list(instanceId)) {
    await media.remove(owner, name);
    removed += 1;
    if (removed === filesEach) break;
  }
  return removed > 0;
}
