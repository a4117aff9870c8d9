import { expect } from "chai";
import { boundedCursor } from "../../src/drivers/store/mongo-calls.js";
import { isStoreUnavailable } from "../../src/drivers/store/unavailable.js";
import { rejection } from "./store.conformance-support.js";

type DriverCursor = ReturnType<Parameters<typeof boundedCursor<number>>[2]>;

/** The driver's cursor once its one batch of two rows is read, and what it says of itself then. */
function aCursor(then: { readonly isOpen: boolean; readonly killed: boolean }): DriverCursor {
  const rows = [1, 2];
  return {
    closed: false,
    get killed() {
      return rows.length === 0 && then.killed;
    },
    get id() {
      return { isZero: () => !then.isOpen };
    },
    hasNext: () => Promise.resolve(rows.length > 0),
    readBufferedDocuments: () => rows.splice(0),
  } as unknown as DriverCursor;
}

const limit = { ms: 1_000, late: () => new Error("late") };
const read = (most: number, then: Parameters<typeof aCursor>[0]): Promise<number[]> =>
  boundedCursor(limit, most, () => aCursor(then)).toArray();

describe("A list from MongoDB", () => {
  it("is whole when it has all that was wanted, though the server would give more", async () => {
    expect(await read(2, { isOpen: true, killed: true })).to.deep.equal([1, 2]);
  });

  it("is whole when the server says that there is no more", async () => {
    expect(await read(0, { isOpen: false, killed: false })).to.deep.equal([1, 2]);
    expect(await read(3, { isOpen: false, killed: false })).to.deep.equal([1, 2]);
  });

  it("is refused when the server has more and the connection is gone", async () => {
    for (const killed of [true, false]) {
      const error = await rejection(read(0, { isOpen: true, killed }));
      expect(isStoreUnavailable(error)).to.equal(true);
    }
  });
});
