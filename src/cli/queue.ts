import { Argument, Command, Option } from "commander";
import type { App } from "../app.js";
import { shownReason } from "../drivers/queue/failure-text.js";
import { QueueRefuses, type DeadJob } from "../drivers/queue/queue.js";
import {
  actOnKind,
  actOnOne,
  lookAtQueues,
  kindDeed,
  type DeadAct,
  type QueueState,
} from "../features/operators/dead-jobs.js";
import { hostsOf } from "../features/operators/shown-jobs.js";
import { mostStoredCounted, type StoredJobs } from "../hosting/parked-jobs.js";
import { queueNames, type QueueName } from "../kit/index.js";
import { instanceNamed, withApp } from "./deployment.js";
import { CommandFailed, UsageMistake, type Answer, type Finish, type Io } from "./io.js";

interface ListOptions {
  readonly queue?: QueueName;
  readonly kind?: string;
  readonly instance?: string;
  readonly limit: string;
}

interface ActOptions {
  readonly queue: QueueName;
  readonly kind?: string;
}

/** `queue list|retry|drop`: what waits, and what was given up. */
export function queueCommand(io: Io, finish: Finish): Command {
  const command = new Command("queue").description("what waits to be done, and what was given up");
  command
    .command("list")
    .description("show how the queues do, and the newest jobs that were given up")
    .addOption(new Option("--queue <name>", "one queue alone").choices(queueNames))
    .option("--kind <name>", "jobs of one kind, such as federation.deliver")
    .option("--instance <host>", "jobs of one instance")
    .option("--limit <number>", "how many of each queue, 1 to 1000", "20")
    .addHelpText("after", listHelp)
    .action((options: ListOptions) => finish(withApp(io, (app) => list(app, options))));
  for (const act of ["retry", "drop"] as const) {
    command
      .command(act)
      .description(
        act === "retry"
          ? "run jobs that were given up again, with all their tries"
          : "forget jobs that were given up: they will never be done",
      )
      .addArgument(new Argument("[ids...]", "their ids, as the list shows them"))
      .addOption(
        new Option("--queue <name>", "the queue they are in")
          .choices(queueNames)
          .makeOptionMandatory(),
      )
      .option("--kind <name>", "all of a kind, in place of ids")
      .addHelpText("after", actHelp(act))
      .action((ids: string[], options: ActOptions) =>
        finish(withApp(io, (app) => change(app, act, { ids, ...options }))),
      );
  }
  return command;
}

const listHelp = `
Examples:
  npm run parvis -- queue list
  npm run parvis -- queue list --queue delivery --instance parvis.example --json`;

const actHelp = (act: DeadAct): string => `
The running server does the work. What is asked for is written in the operators' journal.

Examples:
  npm run parvis -- queue ${act} --queue delivery 01j8x…/federation.deliver
  npm run parvis -- queue ${act} --queue delivery --kind federation.deliver`;

async function list(
  app: App,
  { queue: only, kind, instance, limit }: ListOptions,
): Promise<Answer> {
  const most = Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > 1_000) {
    throw new UsageMistake("--limit: must be a whole number from 1 to 1000.");
  }
  const owner = instance === undefined ? undefined : (await instanceNamed(app, instance))._id;
  const { queue } = app.drivers;
  const states = (await lookAtQueues(app.drivers)).filter(({ name }) => (only ?? name) === name);
  const wish = {
    ...(kind === undefined ? {} : { name: kind }),
    ...(owner === undefined ? {} : { owner }),
  };
  const told = await Promise.all(
    states.map(async (state) => {
      const jobs = await queue.dead(state.name, most, wish);
      const hosts = await hostsOf(app.instances, jobs);
      return { state, jobs: jobs.map((job) => shown(job, hosts.get(job.owner ?? "") ?? null)) };
    }),
  );
  return {
    text: told
      .map(({ state, jobs }) => `${headline(state)}\n${jobs.map(lineOf).join("")}`)
      .join("\n"),
    json: told.map(({ state: { name, counts, oldestDue, stored }, jobs }) => ({
      ...{ queue: name, counts, oldestDue, ...stored, dead: jobs },
    })),
  };
}

type Shown = ReturnType<typeof shown>;

function shown({ id, name, tries, error, diedAt }: DeadJob, instance: string | null) {
  return { id, kind: name, instance, tries, reason: shownReason(error), diedAt };
}

function headline({ name, counts, oldestDue, kinds, stored }: QueueState): string {
  const dead = kinds.reduce((sum, { count }) => sum + count, 0);
  const rest = `${storedWords(stored)}, ${dead} given up`;
  if (counts === null) return `${name}: does not answer${rest}`;
  const { waiting, delayed, running } = counts;
  const since = oldestDue === null ? "" : `, the oldest since ${oldestDue.toISOString()}`;
  return `${name}: ${waiting} waiting${since}, ${delayed} later, ${running} running${rest}`;
}

/** What lies in the store beside what a queue counts; nothing where nothing does. */
export function storedWords({ kept, parked }: StoredJobs): string {
  return many(kept, "kept until Redis takes them") + many(parked, "for closed instances");
}

function many(count: number, what: string): string {
  if (count === 0) return "";
  const shown = count > mostStoredCounted ? `more than ${mostStoredCounted}` : String(count);
  return `, ${shown} ${what}`;
}

function lineOf({ id, kind, instance, tries, reason, diedAt }: Shown): string {
  const at = diedAt.toISOString().slice(0, 16).replace("T", " ");
  return `  ${at}  ${kind}  ${instance ?? "-"}  ${tries} tries\n    ${reason}\n    ${id}\n`;
}

interface Asked extends ActOptions {
  readonly ids: readonly string[];
}

/** Ids that are taken at once. */
const mostIds = 100;

async function change(app: App, act: DeadAct, { ids, queue: name, kind }: Asked): Promise<Answer> {
  if (ids.length > 0 === (kind !== undefined) || ids.length > mostIds) {
    throw new UsageMistake(`Say which by 1 to ${mostIds} ids, or by --kind.`);
  }
  const { queue, clock } = app.drivers;
  const { operators } = app.operators;
  if (act === "retry") await assertAnswers(app);
  let count = 0;
  if (kind !== undefined) {
    const many = { queue: name, kind, act, until: clock.now().getTime() };
    count = await operators.record(null, kindDeed(many), () => actOnKind(queue, many));
  }
  for (const id of ids) {
    if (await actOnOne({ queue, operators }, null, { act, queue: name, id })) count += 1;
  }
  const done = act === "retry" ? "run again" : "dropped";
  return {
    text: `${count} ${count === 1 ? "job is" : "jobs are"} ${done}.\n`,
    json: { queue: name, act, count },
    ok: kind !== undefined || count === ids.length,
  };
}

async function assertAnswers(app: App): Promise<void> {
  try {
    await app.drivers.queue.check();
  } catch (error) {
    const why =
      error instanceof QueueRefuses ? error.message : "The queue does not answer: check REDIS_URL";
    throw new CommandFailed(`${why}. Nothing was changed.`);
  }
}
