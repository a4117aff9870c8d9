import { expect } from "chai";
import { countParked, mostParkedCounted, parkedJobs } from "../../src/hosting/parked-jobs.js";
import type { Row } from "../../src/drivers/store/collection.js";
import { aClock } from "../support/city.js";
import { openEngine } from "../support/engine.js";

describe("What waits for closed cities", () => {
  it("is counted for each queue, and no further than somebody has to know", async () => {
    const { store } = await openEngine({ clock: aClock() });
    await store.ensureIndexes(parkedJobs.name, parkedJobs.indexes);
    const rows = store.collection<Row>(parkedJobs.name);
    const some = (queue: string, many: number) =>
      Array.from({ length: many }, (_, n) => ({ _id: `${queue}:job/${n}` }));
    expect(await countParked(store, "default")).to.equal(0);

    await rows.insertMany([...some("default", 3), ...some("default-too", 2)]);
    await rows.insertMany(some("delivery", mostParkedCounted + 5));

    expect(await countParked(store, "default")).to.equal(3);
    expect(await countParked(store, "delivery")).to.equal(mostParkedCounted + 1);
    await store.close();
  });
});
