import { appendFileSync } from "node:fs";
import { createIds, systemClock } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import type { RunningJob } from "../../src/drivers/queue/queue.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";

const [storePath = "", ranPath = "", addedPath = "", until = "killed"] = process.argv.slice(2);
const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };

async function run(job: RunningJob): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
  appendFileSync(ranPath, `${job.id}\n`);
  if ((job.data as { deadly: boolean }).deadly) process.kill(process.pid, "SIGKILL");
}

const store = openSqliteStore(storePath);
const queue = createEmbeddedQueue({
  store,
  clock: systemClock,
  ids: createIds(systemClock),
  // Longer than any test may take: whoever waited for one to run out would not be done in time.
  leaseMs: 600_000,
});
queue.process("default", 8, run);
await queue.start();
process.stdout.write("serving\n");

if (until === "idle") {
  await queue.idle();
  await queue.close();
  await store.close();
} else {
  for (let i = 0; ; i += 1) {
    const id = `added/${process.pid}/${i}`;
    const data = { deadly: false };
    await queue.add([{ id, queue: "default", name: "note", data, attempts: 50, backoff }]);
    appendFileSync(addedPath, `${id}\n`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
