import { expect } from "chai";
import type { Collection, Row } from "../../src/drivers/store/collection.js";
import { bulkInsertFailed, isOnlyDuplicates } from "../../src/drivers/store/errors.js";
import { boundedCollection } from "../../src/drivers/store/mongo-collection.js";
import { pastConflicts } from "../../src/drivers/store/mongo-conflicts.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { rejection } from "./store.conformance-support.js";

const failed = (code: number): Error =>
  Object.assign(new Error("not written"), { name: "MongoServerError", code });

describe("Two people who write the same record of MongoDB at once", () => {
  it("are both heard: what gave way is written again", async () => {
    let calls = 0;

    const answer = await pastConflicts(async () => {
      calls += 1;
      if (calls < 4) throw failed(112);
      return Promise.resolve("written");
    });

    expect([answer, calls]).to.deep.equal(["written", 4]);
  });

  it("are told to come back, not that they did wrong, when it never ends", async () => {
    let calls = 0;

    const error = await rejection(
      pastConflicts(async () => {
        calls += 1;
        return Promise.reject(failed(112));
      }),
    );

    expect(isStoreUnavailable(error)).to.equal(true);
    expect(calls).to.equal(6);
  });

  it("hear at once of any other refusal", async () => {
    let calls = 0;

    const error = await rejection(
      pastConflicts(async () => {
        calls += 1;
        return Promise.reject(failed(11000));
      }),
    );

    expect([error["code"], calls]).to.deep.equal([11000, 1]);
  });
});

/** A collection of a server that refuses so what it is sent: at each sending, codes by id. */
function refusing(...sendings: ReadonlyArray<Readonly<Record<string, number>>>) {
  const sent: string[][] = [];
  const inner = {
    insertMany(docs: readonly Row[]) {
      const codes = sendings[sent.length] ?? {};
      sent.push(docs.map(({ _id }) => _id));
      const failures = docs.flatMap(({ _id }, index) => {
        const code = codes[_id];
        if (code === undefined) return [];
        return [{ index, code, errmsg: `${code}`, err: failed(code) }];
      });
      const ids = docs.map(({ _id }, at) => [at, _id] as const);
      const inserted = ids.filter(([at]) => failures.every(({ index }) => index !== at));
      const insertedIds = Object.fromEntries(inserted);
      if (failures.length > 0) return Promise.reject(bulkInsertFailed(failures, insertedIds));
      return Promise.resolve({ acknowledged: true, insertedCount: ids.length, insertedIds });
    },
  };
  const limit = { ms: 5_000, late: () => failed(50) };
  const rows = boundedCollection(
    () => inner as never,
    limit,
    () => undefined,
  ) as Collection<Row>;
  return { rows, sent };
}

const rowsNamed = (...ids: string[]): Row[] => ids.map((_id) => ({ _id }));

describe("Many records of MongoDB that are written at once, while others write the same", () => {
  it("are all written: those that gave way are sent again, and they alone", async () => {
    const { rows, sent } = refusing({ b: 112, d: 112 }, { d: 112 });

    const written = await rows.insertMany(rowsNamed("a", "b", "c", "d"), { ordered: false });

    expect(sent).to.deep.equal([["a", "b", "c", "d"], ["b", "d"], ["d"]]);
    expect(written.insertedCount).to.equal(4);
    expect(written.insertedIds).to.deep.equal({ 0: "a", 1: "b", 2: "c", 3: "d" });
  });

  it("are told which of them others had written, wherever the server says so", async () => {
    const { rows } = refusing({ a: 11000, b: 112, d: 112 }, { d: 11000 });

    const error = await rejection(
      rows.insertMany(rowsNamed("a", "b", "c", "d"), { ordered: false }),
    );

    expect(isOnlyDuplicates(error)).to.equal(true);
    expect(error).to.deep.include({ insertedCount: 2, insertedIds: { 1: "b", 2: "c" } });
    const { writeErrors } = error as unknown as { writeErrors: ReadonlyArray<{ index: number }> };
    expect(writeErrors.map(({ index }) => index)).to.have.members([0, 3]);
  });

  it("are to be sent later when it never ends, whatever else was refused", async () => {
    const always = { a: 11000, b: 112 };
    const { rows, sent } = refusing(always, always, always, always, always, always, always);

    const error = await rejection(rows.insertMany(rowsNamed("a", "b"), { ordered: false }));

    expect(isStoreUnavailable(error)).to.equal(true);
    expect(sent).to.have.length(6);
  });

  it("are sent once where their order counts", async () => {
    const { rows, sent } = refusing({ b: 112 });

    const error = await rejection(rows.insertMany(rowsNamed("a", "b", "c")));

    expect([isStoreUnavailable(error), sent.length]).to.deep.equal([true, 1]);
  });
});
