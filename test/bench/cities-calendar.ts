import { join } from "node:path";
import { openMedia } from "../../src/drivers/media/open.js";
import { createApp } from "../../src/app.js";
import { createLog } from "../../src/hosting/log.js";
import { loadConfig } from "../../src/config.js";
import { createIds, type Clock } from "../../src/drivers/clock.js";
import { createFileMailer } from "../../src/drivers/mail.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { Queue } from "../../src/drivers/queue/queue.js";
import { openStore } from "../../src/drivers/store/open.js";

/** The work of one round of the calendar. */
export interface Round {
  readonly jobs: number;
  readonly ms: number;
  readonly cpuMs: number;
  /** How often there is such a round. */
  readonly everyMs: number;
}

const everyMs = 5 * 60_000;

/** Let the most frequent times of the calendar come in this process, and work off what they bring. */
export async function calendarRound(env: Readonly<Record<string, string>>): Promise<Round> {
  const config = loadConfig({ ...env, LOG_LEVEL: "error" });
  const log = createLog(config);
  // Two minutes past an hour, so that nothing hourly comes with it; later than all that waits to be done.
  let time = Math.ceil((Date.now() + 600_000) / 3_600_000) * 3_600_000 + 2 * 60_000;
  const clock: Clock = { now: () => new Date(time) };
  const store = await openStore(join(config.dataDir, "parvis.db"));
  let jobs = 0;
  const queue = counting(createEmbeddedQueue({ store, clock, ids: createIds(clock), log }), () => {
    jobs += 1;
  });
  const directory = join(config.dataDir, "mail");
  const mailer = createFileMailer({ directory, from: "parvis@localhost", log });
  const media = await openMedia(config);
  const app = await createApp(config, { store, queue, mailer, media, clock, log });
  await app.start();
  await settle(queue);
  // What was put off for a minute, such as telling of new topics, is no work of the calendar.
  time += 2 * 60_000;
  await settle(queue);
  jobs = 0;
  time += everyMs;
  const [began, used] = [performance.now(), process.cpuUsage()];
  await settle(queue);
  const cpu = process.cpuUsage(used);
  const ms = performance.now() - began;
  await app.close();
  return { jobs, ms, cpuMs: (cpu.user + cpu.system) / 1000, everyMs };
}

function counting(queue: Queue, ran: () => void): Queue {
  return {
    ...queue,
    process: (name, places, run) =>
      queue.process(name, places, (job) => {
        ran();
        return run(job);
      }),
  };
}

/** What the calendar brings is heard of within the second in which the queue looks again. */
async function settle(queue: Queue): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await queue.idle();
}
