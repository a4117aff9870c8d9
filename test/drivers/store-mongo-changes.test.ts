import { expect } from "chai";
import type { Collection as MongoCollection } from "mongodb";
import { countChanges } from "../../src/drivers/store/mongo-changes.js";
import { boundedCollection } from "../../src/drivers/store/mongo-collection.js";
import { rejection, type Thing } from "./store.conformance-support.js";

const limit = { ms: 60_000, late: () => new Error("late") };

/** A collection of MongoDB of which a write is under way until the test ends it. */
function aWriteUnderWay() {
  const changes = countChanges(() => 0);
  const end: { well?: (answer: object) => void; badly?: (error: Error) => void } = {};
  const server = {
    insertOne: () =>
      new Promise((resolve, reject) => Object.assign(end, { well: resolve, badly: reject })),
  };
  const things = boundedCollection(
    () => server as unknown as MongoCollection<Thing>,
    limit,
    () => changes.wrote("things"),
  );
  const written = things.insertOne({ _id: "1" });
  return {
    written,
    told: () => changes.here("things"),
    answer: () => end.well?.({ acknowledged: true }),
    fail: () => end.badly?.(new Error("the connection was lost")),
  };
}

describe("What MongoDB's store tells of changes", () => {
  it("lets nothing stand that was read while a write was under way, before it was done", async () => {
    const write = aWriteUnderWay();
    const whenRead = write.told();

    write.answer();
    const whenHeard = await write.written.then(() => write.told());

    expect(whenHeard).not.to.equal(whenRead);
  });

  it("lets nothing stand either when nobody knows whether it was written", async () => {
    const write = aWriteUnderWay();
    const whenRead = write.told();

    write.fail();
    await rejection(write.written);

    expect(write.told()).not.to.equal(whenRead);
  });

  it("lets everything stand a second at most, since others may have written", () => {
    let now = 41_000;
    const { elsewhere } = countChanges(() => now);
    const first = elsewhere();

    now += 999;
    const same = elsewhere();
    now += 1;

    expect(same).to.equal(first);
    expect(elsewhere()).not.to.equal(first);
  });
});
