import { expect } from "chai";
import { spoolCollection } from "../../src/drivers/queue/queue-tables.js";
import type { Row } from "../../src/drivers/store/collection.js";
import { countStored, mostStoredCounted, parkedJobs } from "../../src/hosting/parked-jobs.js";
import { aClock } from "../support/city.js";
import { openEngine } from "../support/engine.js";

describe("What waits for closed cities, or for Redis", () => {
  it("is counted for each queue, and no further than somebody has to know", async () => {
    const { store } = await openEngine({ clock: aClock() });
    await store.ensureIndexes(parkedJobs.name, parkedJobs.indexes);
    const parked = store.collection<Row>(parkedJobs.name);
    const spool = store.collection<Row>(spoolCollection);
    const some = (queue: string, many: number) =>
      Array.from({ length: many }, (_, n) => ({ _id: `${queue}:job/${n}` }));
    expect(await countStored(store, "default")).to.deep.equal({ parked: 0, kept: 0 });

    await parked.insertMany([...some("default", 3), ...some("default-too", 2)]);
    await parked.insertMany(some("delivery", mostStoredCounted + 5));
    await spool.insertMany([...some("default", mostStoredCounted + 5), ...some("delivery", 4)]);

    const most = mostStoredCounted + 1;
    expect(await countStored(store, "default")).to.deep.equal({ parked: 3, kept: most });
    expect(await countStored(store, "delivery")).to.deep.equal({ parked: most, kept: 4 });
    await store.close();
  });
});
