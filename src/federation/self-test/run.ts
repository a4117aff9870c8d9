import { z } from "zod";
import { FetchRefused } from "../../drivers/fetch.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";
import type { Services } from "../services.js";
import { causeOf } from "./causes.js";
import * as looking from "./looking.js";
import { not, type Outcome, type RunStep } from "./outcome.js";
import { beginTest, endTest, selfTestsCollection } from "./self-test.js";
import type { SelfTest, Step, StepName, Tested } from "./self-test.js";
import * as talking from "./talking.js";

const runs: Readonly<Record<StepName, RunStep>> = {
  ...{ ourselves: looking.ourselves, reach: looking.reach, clock: looking.clock },
  ...{ software: looking.software, webfinger: looking.webfinger, actor: looking.actor },
  ...{ unsigned: looking.unsigned, key: looking.key, follow: talking.follow },
  ...{ answer: talking.answer, deliver: talking.deliver, reply: talking.reply },
  tidy: talking.tidy,
};

/** What must have worked before a step makes sense. */
const needs: Partial<Readonly<Record<StepName, StepName>>> = {
  ...{ clock: "reach", software: "reach", webfinger: "reach", actor: "webfinger" },
  ...{ unsigned: "actor", key: "actor", follow: "actor", answer: "follow", deliver: "follow" },
  ...{ reply: "deliver", tidy: "follow" },
};

/** How long the other server may take to answer, and how often we look. */
const answerWithinMs = 60_000;
const lookEveryMs = 1_000;

/**
 * Go on with a test until it ends or waits for the other server. Each step is stored once it is done,
 * so that a run that died goes on where it was; a step that runs twice says the same twice, under the
 * same ids. @returns milliseconds to wait, or null when the test has ended.
 */
export async function advance(services: Services, ctx: Ctx, id: string): Promise<number | null> {
  const rows = ctx.collection(selfTestsCollection);
  for (;;) {
    const test = await rows.findOne({ _id: id });
    if (test === null || test.endedAt !== null) return null;
    const at = test.steps.findIndex(({ state }) => state === "waiting");
    const step = test.steps[at];
    if (step === undefined) {
      await endTest(ctx, test);
      return null;
    }
    const started = performance.now();
    const outcome = await outcomeOf(services, ctx, test, step.name);
    if (outcome.state === "later" && test.waitingSince === null) {
      await rows.updateOne({ _id: id }, { $set: { waitingSince: ctx.clock.now() } });
    }
    if (outcome.state === "later") return lookEveryMs;
    const { facts = {}, ...rest } = outcome;
    const waited = waitedFor(ctx, test);
    const ms = waited > 0 ? waited : Math.round(performance.now() - started);
    const done: Step = { ...step, ...rest, ms: rest.state === "skipped" ? null : ms };
    const steps = test.steps.with(at, done);
    await rows.updateOne({ _id: id }, { $set: { ...facts, steps, waitingSince: null } });
  }
}

function waitedFor({ clock }: Ctx, { waitingSince }: SelfTest): number {
  return waitingSince === null ? 0 : clock.now().getTime() - waitingSince.getTime();
}

async function outcomeOf(
  services: Services,
  ctx: Ctx,
  test: SelfTest,
  name: StepName,
): Promise<Outcome> {
  const needed = needs[name];
  const before = test.steps.find((step) => step.name === needed);
  if (before !== undefined && !["ok", "warned"].includes(before.state)) {
    return { state: "skipped", cause: null, detail: null };
  }
  try {
    const outcome = await runs[name]({ services, ctx, test });
    const isLate = outcome.state === "later" && waitedFor(ctx, test) >= answerWithinMs;
    return isLate ? not("failed", "no-answer") : outcome;
  } catch (error) {
    if (error instanceof FetchRefused) return not("failed", causeOf(error), statusIn(error));
    throw error;
  }
}

function statusIn({ status }: FetchRefused): string | null {
  return status === null ? null : String(status);
}

/** The job that goes on with a test, and comes back as long as it waits. */
export type GoOn = JobDef<{ testId: string; turn: number }>;

/** Make the job. */
export function createGoOn(services: Services): GoOn {
  const goOn: GoOn = defineJob({
    name: "federation.self-test",
    queue: "incoming",
    payload: z.object({ testId: z.string(), turn: z.number() }),
    async run(ctx, { testId, turn }) {
      const delayMs = await advance(services, ctx, testId);
      if (delayMs === null) return;
      const next = { testId, turn: turn + 1 };
      await ctx.enqueue(goOn, next, { id: `self-test/${testId}/${next.turn}`, delayMs });
    },
  });
  return goOn;
}

/** Begin a test and have its job go on with it; the one under way for that server is given instead. */
export async function startTest(ctx: Ctx, goOn: GoOn, tested: Tested): Promise<SelfTest> {
  const { test } = await beginTest(ctx, tested);
  const id = `self-test/${test._id}/0`;
  await ctx.enqueue(goOn, { testId: test._id, turn: 0 }, { id });
  return test;
}

/** Run a whole test here, while a server beside takes in what the other sends. Null: one runs already. */
export async function testNow(
  services: Services,
  ctx: Ctx,
  tested: Tested,
): Promise<SelfTest | null> {
  const { test, isNew } = await beginTest(ctx, tested);
  if (!isNew) return null;
  for (;;) {
    const wait = await advance(services, ctx, test._id);
    if (wait === null) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return ctx.collection(selfTestsCollection).findOne({ _id: test._id });
}
