import { Command } from "commander";
import { storePlace } from "../app.js";
import { systemClock } from "../drivers/clock.js";
import type { WholeStore } from "../drivers/store/collection.js";
import { isMongo, openAlone } from "../drivers/store/open.js";
import { bePresent } from "../drivers/store/presence.js";
import { refuseUnfinished } from "../drivers/store/unfinished.js";
import { configOf } from "./deployment.js";
import { UsageMistake, type Answer, type Finish, type Io } from "./io.js";

const queues = ["default", "delivery"] as const;

/** `move-queue`: takes the jobs that wait in Redis into the store. */
export function moveQueueCommand(io: Io, finish: Finish): Command {
  return new Command("move-queue")
    .description("take the jobs that wait in Redis into the store; stop the server before")
    .addHelpText("after", help)
    .action(() => finish(runMove(io)));
}

const help = `
For a deployment that is to do without Redis: stop every process, run this while REDIS_URL is still set, unset
it and start again. Jobs keep their ids, their tries and the times they are due; those that were given up
are in the store already. Killed at any point, run it again.

The other way nothing is to be done: once REDIS_URL is set, the server hands over what waits in the store.

Example:
  npm run parvis -- move-queue`;

async function runMove(io: Io): Promise<Answer> {
  const config = configOf(io);
  const { redisUrl: url } = config;
  if (url === null) throw new UsageMistake("REDIS_URL is not set: it says where the jobs are.");
  const place = storePlace(config);
  const store = await openAlone(place);
  try {
    await refuseUnfinished(store);
    const leave = isMongo(place) ? await bePresent(store, "move-queue") : null;
    try {
      return await take(io, store, url);
    } finally {
      await leave?.();
    }
  } finally {
    await store.close();
  }
}

async function take(io: Io, store: WholeStore, url: string): Promise<Answer> {
  const { takeBack } = await import("../drivers/queue/bullmq-back.js");
  const say = (_: object, text: string): void => io.err(`${text}\n`);
  const log = { warn: say, error: say };
  const taken = await takeBack({ url, store, queues, clock: systemClock, log });
  const lines = [...taken].map(([queue, jobs]) => `  ${queue.padEnd(8)}  ${jobs}\n`);
  return {
    text: `Jobs taken from Redis into the store:\n${lines.join("")}Unset REDIS_URL and start the server.\n`,
    json: { taken: Object.fromEntries(taken) },
  };
}
