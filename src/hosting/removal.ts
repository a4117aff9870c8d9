import { z } from "zod";
import type { Clock } from "../drivers/clock.js";
import { deadCollection, spoolCollection } from "../drivers/queue/queue-tables.js";
import type { Queue } from "../drivers/queue/queue.js";
import {
  defineFeature,
  defineJob,
  emptyProfile,
  Postpone,
  type Ctx,
  type Deletion,
  type Feature,
  type Instance,
  type InstanceChange,
  type InstanceState,
  type JobDef,
  type ScheduleDef,
} from "../kit/index.js";
import type { Instances } from "./instances.js";
import { parkedJobs } from "./parked-jobs.js";
import {
  removeBeside,
  removeFiles,
  removeSome,
  type Beside,
  type RowParts,
} from "./removal-rows.js";

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
export interface RemovalParts extends RowParts {
  readonly instances: Pick<Instances, "byId" | "update">;
  readonly queue: Pick<Queue, "counts" | "forget">;
  readonly clock: Clock;
  readonly farewell: Farewell;
  /** Every collection in which an instance may have rows; read when it is needed. */
  readonly collections: () => readonly string[];
}

/** Slices of a run: other work has its turn in between. */
const slicesEach = 20;
/** Nothing more is told while more deliveries wait: nobody else's wait for all of a farewell. */
const mostDeliveries = 1_000;
const restMs = 30_000;
/** What is still under way when an instance has become a tombstone has ended after this. */
const settledMs = 5 * 60_000;
/** Jobs beside the queue, its farewell's among them: they may be run until it is gone. */
const leftJobs: readonly Beside[] = [
  { name: deadCollection, instanceIn: "owner" },
  { name: spoolCollection, instanceIn: "owner" },
  { name: parkedJobs.name, instanceIn: "instanceId" },
];

/** What an instance is while it is removed. */
const removed: readonly InstanceState[] = ["deleted", "leaving", "gone"];

/** An instance that is being removed, at a step. */
interface Removed {
  readonly ctx: Ctx;
  readonly instance: Instance;
  readonly deletion: Deletion;
}

/**
 * What a slice came to: rows were removed, and there may be more; something was written into the record,
 * and the next link is to go on from there; or there is nothing to do now, or not for us.
 */
type Slice = "more" | "written" | "nothing";

/**
 * Carries deletions out, in slices that may each be the last one before a crash, and be run again:
 *
 * 1. The grace ends: `deleted` becomes `leaving`, from where nothing leads back.
 * 2. Other servers are told, some accounts at a time, as fast as deliveries go out; how far stands in the
 *    record.
 * 3. All rows are removed but what the farewell needs, pictures with theirs.
 * 4. Once the farewell has had its time, `leaving` becomes `gone`: a tombstone, with nothing that
 *    anybody wrote. No job of it runs any more, so that nothing comes back.
 * 5. The rest is removed, keys, jobs that were given up and pictures of which no row tells included; all
 *    is looked for once more after a while, and the queues are looked through for jobs that still wait.
 *
 * Jobs follow each other like links of a chain, each named by the step that the record is at. Of two that
 * are at the same step only one writes the next, and it alone goes on.
 */
export function createRemoval(parts: RemovalParts): Feature {
  const removing: JobDef<Record<string, never>> = defineJob({
    ...{ name: "hosting.remove", payload: z.object({}), runsIn: removed },
    async run(ctx) {
      const { instance } = ctx;
      const { deletion } = instance;
      if (deletion == null) return;
      const at = { ctx, instance, deletion };
      let slice: Slice = "more";
      for (let done = 0; slice === "more" && done < slicesEach; done += 1) {
        slice = await nextSlice(parts, at);
      }
      if (slice === "more") slice = await write(parts, at, { deletion });
      if (slice === "written") await goOn(ctx, stepOf(deletion) + 1);
    },
  });
  const goOn = ({ instance: { _id }, enqueue }: Ctx, step: number): Promise<void> =>
    enqueue(removing, {}, { id: `remove/${_id}/${step}` });
  const due: ScheduleDef["job"] = defineJob({
    ...{ name: "hosting.removal-due", payload: z.object({}), runsIn: removed },
    async run(ctx) {
      const { deletion } = ctx.instance;
      if (deletion != null) await goOn(ctx, stepOf(deletion));
    },
  });
  const schedule: ScheduleDef = {
    ...{ key: "hosting-removal", cron: "*/10 * * * *", job: due },
    isFor: ({ state, deletion }) =>
      deletion != null && deletion.removedAt === undefined && state !== "active",
  };
  return defineFeature({ name: "removal", jobs: [removing], schedules: [schedule] });
}

function stepOf({ step = 0 }: Deletion): number {
  return step;
}

function nextSlice(parts: RemovalParts, at: Removed): Promise<Slice> {
  switch (at.instance.state) {
    case "deleted":
      return leave(parts, at);
    case "leaving":
      return takeLeave(parts, at);
    default:
      return clearAway(parts, at);
  }
}

/** Writes how far it is, unless somebody else has been quicker. */
async function write(
  { instances }: RemovalParts,
  { instance: { _id, state }, deletion: before }: Removed,
  change: InstanceChange & { readonly deletion: Deletion },
): Promise<Slice> {
  const deletion = { ...change.deletion, step: stepOf(before) + 1 };
  const now = await instances.update(_id, { ...change, deletion }, { state, deletion: before });
  return now === null ? "nothing" : "written";
}

/** Whoever takes the deletion back at this moment has it first, or not at all. */
async function leave(parts: RemovalParts, at: Removed): Promise<Slice> {
  const { deletion } = at;
  if (deletion.until > parts.clock.now()) return "nothing";
  return write(parts, at, { deletion, state: "leaving" });
}

async function takeLeave(parts: RemovalParts, at: Removed): Promise<Slice> {
  const { farewell, clock } = parts;
  const { ctx, instance, deletion } = at;
  if (deletion.toldAt === undefined) return tellSome(parts, at);
  const kept = new Set(farewell.needs);
  const first = parts.collections().filter((name) => !kept.has(name));
  if (await removeSome(parts, ctx.instance._id, first)) return "more";
  const now = clock.now();
  if (now.getTime() < deletion.toldAt.getTime() + farewell.lastsMs) return "nothing";
  const nothing = { name: instance.host, tagline: "", setUpTokenHash: null, suspension: null };
  const tombstone = { ...nothing, profile: emptyProfile, deletion: { ...deletion, goneAt: now } };
  return write(parts, at, { ...tombstone, state: "gone" });
}

/** The job waits as long as many deliveries do, whoever they are of. */
async function tellSome(parts: RemovalParts, at: Removed): Promise<Slice> {
  const { farewell, queue, clock } = parts;
  const { ctx, deletion } = at;
  const { waiting } = await queue.counts("delivery");
  if (waiting > mostDeliveries) throw new Postpone("many deliveries wait", restMs);
  const told = await farewell.say(ctx, deletion.toldUpTo);
  const howFar = told === null ? { toldAt: clock.now() } : { toldUpTo: told };
  return write(parts, at, { deletion: { ...deletion, ...howFar } });
}

async function clearAway(parts: RemovalParts, at: Removed): Promise<Slice> {
  const { store, media, clock } = parts;
  const { instance, deletion } = at;
  if (await removeSome(parts, instance._id, parts.collections())) return "more";
  if (await removeBeside(store, instance._id, leftJobs)) return "more";
  if (await removeFiles(media, instance._id)) return "more";
  const now = clock.now();
  if (now.getTime() < (deletion.goneAt?.getTime() ?? 0) + settledMs) return "nothing";
  const jobsUpTo = await forgetJobs(parts, at);
  if (jobsUpTo !== null) return write(parts, at, { deletion: { ...deletion, jobsUpTo } });
  await write(parts, at, { deletion: { ...deletion, removedAt: now } });
  return "nothing";
}

/** Nobody can say where the jobs of one instance are: some thousands of all are looked through. */
async function forgetJobs(
  { queue }: RemovalParts,
  { instance, deletion }: Removed,
): Promise<string | null> {
  let from = deletion.jobsUpTo ?? null;
  for (let done = 0; done < slicesEach; done += 1) {
    from = await queue.forget(instance._id, from);
    if (from === null) return null;
  }
  return from;
}
