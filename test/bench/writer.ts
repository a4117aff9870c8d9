import { join } from "node:path";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import type { Town } from "./town.js";

const writeEveryMs = 1_000;

/**
 * Another process with the same file gives the page's proposal, or the newest one, a support at once
 * and then every second. It is the worst that writing can do: whoever serves the pages only learns
 * that something was written, not where.
 */
export async function writeOnAndOn({ dataDir }: Town, path: string): Promise<() => Promise<void>> {
  const store = openSqliteStore(join(dataDir, "parvis.db"), { ttlIntervalMs: 0 });
  const rows = store.collection<Proposal>(proposalsCollection.name);
  const number = /^\/proposals\/(\d+)$/.exec(path)?.[1];
  const filter = number === undefined ? {} : { number: Number(number) };
  const found = await rows.findOne(filter, { sort: { _id: -1 } });
  if (found === null) throw new Error("There is no proposal to support.");
  const write = () => rows.updateOne({ _id: found._id }, { $inc: { "counts.supports": 1 } });
  let last = write();
  const timer = setInterval(() => void (last = last.then(write)), writeEveryMs);
  return async () => {
    clearInterval(timer);
    await last;
    await store.close();
  };
}
