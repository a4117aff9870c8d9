import { Command } from "commander";
import { systemClock } from "../drivers/clock.js";
import { isDeploymentId, prefixOf } from "../drivers/queue/redis-names.js";
import type { WholeStore } from "../drivers/store/collection.js";
import { deploymentId } from "../drivers/store/deployment-id.js";
import { openAlone } from "../drivers/store/open.js";
import { refuseMarked } from "../drivers/store/unfinished.js";
import { storePlace } from "../hosting/opening.js";
import { queueNames as queues } from "../kit/index.js";
import { configOf, refuseEmpty } from "./deployment.js";
import { CommandFailed, UsageMistake, waiting, type Answer, type Finish, type Io } from "./io.js";

interface Given {
  readonly of?: string;
}

/** `move-queue`: takes the jobs that wait in Redis into the store. */
export function moveQueueCommand(io: Io, finish: Finish): Command {
  return new Command("move-queue")
    .description("take the jobs that wait in Redis into the store; stop the server before")
    .option("--of <deployment>", "those of another deployment, whose place this store has taken")
    .addHelpText("after", help)
    .action((given: Given) => finish(runMove(io, given)));
}

const help = `
For a deployment that is to do without Redis: stop every process, run this while REDIS_URL is still set, unset
it and start again. Jobs keep their ids, their tries and the times they are due; those that were given up
are in the store already. Killed at any point, run it again.

The other way nothing is to be done: once REDIS_URL is set, the server hands over what waits in the store.

A store that was lost and restored from a backup is another deployment to Redis, and leaves the jobs of the
lost one alone. doctor shows what it is called; with --of they are taken over. They may be later than the
backup: what they are about and is not there is let be. Leave REDIS_URL as it is then.

Examples:
  npm run parvis -- move-queue
  npm run parvis -- move-queue --of 5f2c9a7b3d1e4f60`;

async function runMove(io: Io, { of = null }: { of?: string | null }): Promise<Answer> {
  const config = configOf(io);
  const { redisUrl: url } = config;
  if (url === null) throw new UsageMistake("REDIS_URL is not set: it says where the jobs are.");
  if (of !== null && !isDeploymentId(of)) {
    throw new UsageMistake("--of takes the 16 characters that doctor shows.");
  }
  const place = storePlace(config);
  const alone = await openAlone(place, { what: "move-queue", onWait: () => io.err(waiting) });
  const { store } = alone;
  try {
    await refuseMarked(store);
    await refuseEmpty(store, place);
    if (of !== null) await refuseServed(url, of);
    const deployment = of ?? (await deploymentId(store, place));
    const taken = await take(io, store, { url, deployment });
    // Whoever came meanwhile may have put jobs into Redis again.
    await alone.refuseOthers();
    if (of !== null) await strikeOff(url, of);
    return answerOf(taken, of === null ? "Unset REDIS_URL and start" : "Start");
  } finally {
    await alone.close();
  }
}

/** Whose worker is connected is not lost. */
async function refuseServed(url: string, of: string): Promise<void> {
  const { housed } = await import("../drivers/queue/bullmq-housed.js");
  const found = await housed({ url, queues, clock: systemClock }, of);
  if (found === null) {
    throw new CommandFailed(`This Redis knows no deployment ${of}: doctor shows those with jobs.`);
  }
  if (found.isServed) {
    throw new CommandFailed(
      `A worker of ${of} (${found.store}) is connected: stop it first, or leave it its jobs.`,
    );
  }
}

/** A deployment that was emptied is not looked for again, unless it comes back. */
async function strikeOff(url: string, of: string): Promise<void> {
  const { signOut } = await import("../drivers/queue/bullmq-housed.js");
  await signOut({ url, queues, clock: systemClock }, of);
}

interface From {
  readonly url: string;
  readonly deployment: string;
}

async function take(
  io: Io,
  store: WholeStore,
  { url, deployment }: From,
): Promise<ReadonlyMap<string, number>> {
  const { takeBack } = await import("../drivers/queue/bullmq-back.js");
  const say = (_: object, text: string): void => io.err(`${text}\n`);
  const log = { warn: say, error: say };
  const prefix = prefixOf(deployment);
  return takeBack({ url, prefix, store, queues, clock: systemClock, log });
}

function answerOf(taken: ReadonlyMap<string, number>, next: string): Answer {
  const lines = [...taken].map(([queue, jobs]) => `  ${queue.padEnd(8)}  ${jobs}\n`);
  return {
    text: `Jobs taken from Redis into the store:\n${lines.join("")}${next} the server.\n`,
    json: { taken: Object.fromEntries(taken) },
  };
}
