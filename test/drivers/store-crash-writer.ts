import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import type { Row } from "../../src/drivers/store/collection.js";

/**
 * The process that `store-crash.test.ts` kills: it writes numbered rows for ever, changes and
 * deletes some, and prints each number once its write is acknowledged.
 */
interface Numbered extends Row {
  readonly n: number;
  readonly tags: readonly string[];
}

const [, , path = "", from = "0"] = process.argv;
const store = openSqliteStore(path, { ttlIntervalMs: 0 });
const rows = store.collection<Numbered>("rows");
await store.ensureIndexes("rows", [{ keys: { n: 1 }, unique: true }, { keys: { tags: 1, n: -1 } }]);
process.stdout.write("ready\n");

for (let n = Number(from); ; n += 8) {
  const group = Array.from({ length: 8 }, (_, i) => n + i);
  await Promise.all(group.map((number) => write(number)));
}

async function write(n: number): Promise<void> {
  await rows.insertOne({ _id: `row-${n}`, n, tags: [`t${n % 7}`, "all"] });
  process.stdout.write(`${n}\n`);
  await rows.updateOne({ n }, { $push: { tags: `late${n % 3}` } });
  await rows.insertOne({ _id: `brief-${n}`, n: -n - 1, tags: [] });
  await rows.deleteOne({ n: -n - 1 });
}
