import { defineCollection, isDuplicate, type Ctx } from "../../kit/index.js";

/** What a self-test tries with another server, in this order. */
export const stepNames = [
  ...([
    "ourselves",
    "reach",
    "clock",
    "software",
    "webfinger",
    "actor",
    "unsigned",
    "key",
  ] as const),
  ...(["follow", "answer", "deliver", "reply", "tidy"] as const),
] as const;

export type StepName = (typeof stepNames)[number];

/**
 * `warned`: it worked, but something is odd; `unproven`: it cannot be proven without a person there;
 * `skipped`: something before it failed.
 */
export type StepState = "waiting" | "ok" | "warned" | "unproven" | "failed" | "skipped";

/** One step and what came of it. */
export interface Step {
  readonly name: StepName;
  readonly state: StepState;
  /** Why, as a word `self-test.causes.<word>`; null where there is nothing to explain. */
  readonly cause: string | null;
  /** What was found, e.g. the software. */
  readonly detail: string | null;
  readonly ms: number | null;
}

/** A try of everything that exchange with another server needs. */
export interface SelfTest {
  readonly _id: string;
  readonly host: string;
  readonly origin: string;
  /** An account there that agreed to get a message, `name@host`; null: the server's own actor. */
  readonly account: string | null;
  /** The host while it runs, so that each server has one test at a time; unique. */
  readonly busy: string | null;
  readonly steps: readonly Step[];
  /** Id of the actor that is followed, and its inbox, once found. */
  readonly actorUri: string | null;
  readonly inbox: string | null;
  /** It answers tests by itself, as this software does. */
  readonly answersTests: boolean;
  readonly followUri: string;
  readonly noteUri: string;
  readonly repliedAt: Date | null;
  /** Since when the step under way waits for the other server. */
  readonly waitingSince: Date | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly expiresAt: Date;
}

export const selfTestsCollection = defineCollection<SelfTest>("selfTests", [
  { keys: { busy: 1 }, unique: true, partialFilterExpression: { busy: { $gt: "" } } },
  { keys: { startedAt: -1, _id: -1 } },
  { keys: { noteUri: 1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

const keptMs = 30 * 24 * 3_600_000;
/** A test that runs longer was cut short for good. */
const longestMs = 10 * 60_000;
/** Tests kept and shown. */
export const mostTests = 10;

/** The server that is tested. */
export type Tested = Pick<SelfTest, "host" | "origin" | "account">;

/** Begin a test; the one that runs already for that server is given instead of a second. */
export async function beginTest(
  ctx: Ctx,
  tested: Tested,
): Promise<{ readonly test: SelfTest; readonly isNew: boolean }> {
  const rows = ctx.collection(selfTestsCollection);
  const now = ctx.clock.now();
  const running = await rows.findOne({ busy: tested.host });
  if (running !== null && !isOver(running, now)) return { test: running, isNew: false };
  if (running !== null) await endTest(ctx, running);
  const test = newTest(ctx, tested);
  try {
    await rows.insertOne(test);
  } catch (error) {
    const first = isDuplicate(error) ? await rows.findOne({ busy: tested.host }) : null;
    if (first === null) throw error;
    return { test: first, isNew: false };
  }
  await prune(ctx);
  return { test, isNew: true };
}

function newTest(ctx: Ctx, tested: Tested): SelfTest {
  const now = ctx.clock.now();
  return {
    ...{ _id: ctx.ids.next(), ...tested, busy: tested.host },
    steps: stepNames.map((name) => ({ ...blank, name })),
    ...{ actorUri: null, inbox: null, answersTests: false, repliedAt: null, waitingSince: null },
    followUri: ctx.instance.url(`/activities/${ctx.ids.next()}`),
    noteUri: ctx.instance.url(`/actor/instance/tests/${ctx.ids.next()}`),
    ...{ startedAt: now, endedAt: null, expiresAt: new Date(now.getTime() + keptMs) },
  };
}

const blank = { state: "waiting", cause: null, detail: null, ms: null } as const;

/** Whether nothing more will come of a test. */
export function isOver({ endedAt, startedAt }: SelfTest, now: Date): boolean {
  return endedAt !== null || now.getTime() - startedAt.getTime() > longestMs;
}

/** Close a test: steps that it did not come to are skipped. */
export async function endTest(ctx: Ctx, { _id, steps }: SelfTest): Promise<void> {
  const closed = steps.map((step) =>
    step.state === "waiting" ? { ...step, state: "skipped" as const } : step,
  );
  await ctx
    .collection(selfTestsCollection)
    .updateOne({ _id }, { $set: { busy: null, endedAt: ctx.clock.now(), steps: closed } });
}

/** The newest tests. */
export function newestTests(ctx: Ctx): Promise<SelfTest[]> {
  return ctx
    .collection(selfTestsCollection)
    .find({}, { sort: { startedAt: -1, _id: -1 }, limit: mostTests })
    .toArray();
}

async function prune(ctx: Ctx): Promise<void> {
  const rows = ctx.collection(selfTestsCollection);
  const old = await rows
    .find({}, { sort: { startedAt: -1, _id: -1 }, skip: mostTests, limit: 50 })
    .toArray();
  const ended = old.filter(({ endedAt }) => endedAt !== null).map(({ _id }) => _id);
  if (ended.length > 0) await rows.deleteMany({ _id: { $in: ended } });
}
