import { expect } from "chai";
import { pino } from "pino";
import type { IndexSpec, Row } from "../../src/drivers/store/collection.js";
import { openSqliteStore, type SqliteStore } from "../../src/drivers/store/sqlite.js";
import { ensureIndexes } from "../../src/hosting/collections.js";
import { defineCollection } from "../../src/kit/records.js";
import { aClock, type TestClock } from "../support/city.js";

describe("The indexes of a store that two releases serve", () => {
  let store: SqliteStore;
  let clock: TestClock;
  const present: readonly IndexSpec[] = [{ keys: { n: 1 } }, { keys: { old: 1 } }];
  const next: readonly IndexSpec[] = [{ keys: { n: 1 } }, { keys: { mail: 1 }, unique: true }];

  beforeEach(() => {
    store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
    clock = aClock();
  });

  afterEach(() => store.close());

  const start = async (indexes: readonly IndexSpec[]): Promise<string[]> => {
    clock.advance(1_000);
    const scoped = [defineCollection<Row>("things", [...indexes])];
    await ensureIndexes({ store, clock, log: pino({ level: "silent" }) }, { scoped, beside: [] });
    const specs = await store.indexesOf("things");
    return specs.map(({ keys }) => Object.keys(keys).slice(1).join()).sort();
  };

  it("are those of the latest, which a process of the one before adds to and takes nothing from", async () => {
    expect(await start(present)).to.deep.equal(["n", "old"]);
    expect(await start(next)).to.deep.equal(["mail", "n"]);
    expect(await start(present)).to.deep.equal(["mail", "n", "old"]);
    expect(await start(next)).to.deep.equal(["mail", "n"]);
  });
});
