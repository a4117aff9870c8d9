import { z } from "zod";
import type { DeadJob, DeadKind, Queue, QueueCounts } from "../../drivers/queue/queue.js";
import type { Store } from "../../drivers/store/collection.js";
import { countStored, type StoredJobs } from "../../hosting/parked-jobs.js";
import {
  defineJob,
  queueNames,
  Refusal,
  sliceOf,
  type JobDef,
  type QueueName,
  type Slice,
} from "../../kit/index.js";
import type { Doer } from "./operator.js";
import type { Operators } from "./operators.js";

/** What is done with dead jobs: run again with all their tries, or forgotten. */
export type DeadAct = "retry" | "drop";

/** What looking after the dead needs. */
export interface DeadParts {
  readonly queue: Queue;
  readonly operators: Pick<Operators, "record">;
}

/** How one queue does. */
export interface QueueState {
  readonly name: QueueName;
  /** Null while the queue does not answer. */
  readonly counts: QueueCounts | null;
  /** Since when the job that is due for longest has been due; null when none is, or none can be told. */
  readonly oldestDue: Date | null;
  readonly kinds: readonly DeadKind[];
  /** When the last of the dead died; null when there are none. */
  readonly lastDied: Date | null;
  /** What lies in the store, as far as it is counted. */
  readonly stored: StoredJobs;
}

/** Jobs that were given up are worth a look for a week; then they stand there, and nobody is called to them. */
const freshMs = 7 * 24 * 3_600_000;

/** Whether somebody should look at the dead of a queue, the last of which died then. */
export function isFresh(lastDied: Date | null, now: Date): boolean {
  return lastDied !== null && now.getTime() - lastDied.getTime() < freshMs;
}

/** The name of a queue, or null for what is none. */
export function queueNamed(typed: unknown): QueueName | null {
  return queueNames.find((name) => name === typed) ?? null;
}

/** How every queue does; the dead and what lies in the store are told even while a queue does not answer. */
export async function lookAtQueues({
  queue,
  store,
}: {
  readonly queue: Queue;
  readonly store: Store;
}): Promise<QueueState[]> {
  return Promise.all(
    queueNames.map(async (name) => {
      const [counts, oldestDue, kinds, [last], stored] = await Promise.all([
        queue.counts(name).catch(() => null),
        queue.oldestDue(name).catch(() => null),
        queue.deadKinds(name),
        queue.dead(name, 1),
        countStored(store, name),
      ]);
      return { name, counts, oldestDue, kinds, lastDied: last?.diedAt ?? null, stored };
    }),
  );
}

/** Which dead jobs are looked at. */
export interface DeadQuery {
  readonly queue: QueueName;
  readonly kind: string | null;
  readonly owner: string | null;
  readonly after: string | null;
}

const pageSize = 25;
const place = z.tuple([z.number().int().min(0).max(8.64e15), z.string().max(500)]);

/** A page of dead jobs, the newest first. Throws `not-found` for a place that was never handed out. */
export async function listDead(queue: Queue, query: DeadQuery): Promise<Slice<DeadJob>> {
  const { kind, owner, after } = query;
  const found = await queue.dead(query.queue, pageSize + 1, {
    ...(kind === null ? {} : { name: kind }),
    ...(owner === null ? {} : { owner }),
    ...(after === null ? {} : { after: unpackPlace(after) }),
  });
  return sliceOf(found, pageSize, ({ id, diedAt }) =>
    Buffer.from(JSON.stringify([diedAt.getTime(), id])).toString("base64url"),
  );
}

function unpackPlace(packed: string): Pick<DeadJob, "id" | "diedAt"> {
  try {
    const text = Buffer.from(packed.slice(0, 2_000), "base64url").toString("utf8");
    const [time, id] = place.parse(JSON.parse(text));
    return { id, diedAt: new Date(time) };
  } catch {
    throw new Refusal("not-found");
  }
}

const acts = {
  retry: { one: "job-retried", many: "jobs-retried" },
  drop: { one: "job-dropped", many: "jobs-dropped" },
} as const satisfies Record<DeadAct, object>;

/** One dead job. */
export interface OneDead {
  readonly queue: QueueName;
  readonly id: string;
}

/**
 * Retry or drop one dead job, on the record. False when it is dead no more, or somebody else is at it.
 * Throws `unavailable` while the queue does not answer.
 */
export async function actOnOne(
  { queue, operators }: DeadParts,
  by: Doer,
  { act, queue: name, id }: OneDead & { readonly act: DeadAct },
): Promise<boolean> {
  const deed = { act: acts[act].one, queue: name, id };
  return operators.record(by, deed, async () => (await apply(queue, act, name, [id])) > 0);
}

/** All dead jobs of one kind that died up to a moment. */
export interface ManyDead {
  readonly queue: QueueName;
  readonly kind: string;
  readonly act: DeadAct;
  /** Milliseconds: what dies again afterwards is left alone. */
  readonly until: number;
}

/** Retried or dropped: all dead jobs of a kind, as the journal tells it. */
export function kindDeed({ act, queue, kind }: Pick<ManyDead, "act" | "queue" | "kind">) {
  return { act: acts[act].many, queue, kind } as const;
}

/** Jobs that are retried or dropped in one step. */
const stepSize = 100;

/**
 * Retry or drop them, a hundred at a time; returns how many. Done twice, it does nothing more.
 * @param begin is awaited before the first of them is touched, and never where there are none
 */
export async function actOnKind(
  queue: Queue,
  many: ManyDead,
  begin: () => Promise<void> = async () => undefined,
): Promise<number> {
  const { queue: name, kind, act, until } = many;
  let after: Pick<DeadJob, "id" | "diedAt"> = { id: "", diedAt: new Date(until + 1) };
  let done = 0;
  for (;;) {
    const some = await queue.dead(name, stepSize, { name: kind, after });
    const last = some.at(-1);
    if (last === undefined) return done;
    if (after.id === "") await begin();
    done += await apply(
      queue,
      act,
      name,
      some.map(({ id }) => id),
    );
    after = last;
  }
}

const manyDead = z.object({
  queue: z.enum(queueNames),
  kind: z.string().max(200),
  act: z.enum(["retry", "drop"]),
  until: z.number(),
  /** The line of the journal that says so. */
  entry: z.string().max(100),
});

/** The dead of a kind that a job goes through, and the line of the journal that it is for. */
export type KindPayload = z.infer<typeof manyDead>;

/** The job that goes through all dead jobs of a kind, when there may be many. */
export function kindJob({ queue, operators }: KindParts): JobDef<KindPayload> {
  return defineJob({
    name: "operators.dead-kind",
    payload: manyDead,
    run: async (ctx, { entry, ...many }) => {
      const count = await actOnKind(queue, many, () => operators.begin(entry));
      if (count === 0) await operators.endInVain(entry);
      ctx.log.info({ queue: many.queue, kind: many.kind, act: many.act, count }, "dead jobs");
    },
  });
}

interface KindParts {
  readonly queue: Queue;
  readonly operators: Pick<Operators, "begin" | "endInVain">;
}

async function apply(
  queue: Queue,
  act: DeadAct,
  name: QueueName,
  ids: readonly string[],
): Promise<number> {
  if (act === "drop") return queue.drop(name, ids);
  try {
    await queue.check();
  } catch {
    throw new Refusal("unavailable");
  }
  return queue.revive(name, ids);
}
