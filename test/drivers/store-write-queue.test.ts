import { expect } from "chai";
import type { Catalog } from "../../src/drivers/store/sqlite-catalog.js";
import type { Connection } from "../../src/drivers/store/sqlite-connection.js";
import { openWriteQueue } from "../../src/drivers/store/write-queue.js";

interface Disk {
  readonly db: Connection;
  /** Each sync that was asked for, to be ended by hand. */
  readonly syncs: Array<(failure?: Error) => void>;
}

/** A connection that commits at once, with a disk that takes its time. */
function aSlowDisk(): Disk {
  const syncs: Disk["syncs"] = [];
  const sync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      syncs.push((failure) => (failure === undefined ? resolve() : reject(failure)));
    });
  const db = { sync, run: () => 0, writes: () => 0, inTransaction: () => false };
  return { db: db as unknown as Connection, syncs };
}

const catalog = {
  refresh: () => 0,
  refreshNow: () => undefined,
  snapshot: () => new Map(),
  restore: () => undefined,
} as unknown as Catalog;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("a change of the embedded store", () => {
  it("is acknowledged once it is on the disk, and not before", async () => {
    const { db, syncs } = aSlowDisk();
    const queue = openWriteQueue(db, catalog);
    let answered = false;
    const written = queue.write(() => 7).then((value) => ((answered = true), value));
    await turn();

    expect([syncs.length, answered]).to.deep.equal([1, false]);
    syncs[0]?.();
    expect(await written).to.equal(7);
  });

  it("that comes while the disk is busy shares the next transaction with all others", async () => {
    const { db, syncs } = aSlowDisk();
    const queue = openWriteQueue(db, catalog);
    const answered: number[] = [];
    const write = (n: number): void => void queue.write(() => n).then((one) => answered.push(one));
    write(1);
    await turn();
    write(2);
    await turn();
    write(3);
    await turn();

    expect(syncs).to.have.length(1);
    syncs[0]?.();
    await turn();
    expect([answered, syncs.length]).to.deep.equal([[1], 2]);
    syncs[1]?.();
    await turn();
    expect([answered, syncs.length]).to.deep.equal([[1, 2, 3], 2]);
  });

  it("is not acknowledged when the disk fails", async () => {
    const { db, syncs } = aSlowDisk();
    const queue = openWriteQueue(db, catalog);
    const written = queue.write(() => 7).catch((error: unknown) => error);
    await turn();
    syncs[0]?.(new Error("EIO"));

    expect(await written)
      .to.be.an("error")
      .with.property("message", "EIO");
  });

  it("is waited for before the store closes", async () => {
    const { db, syncs } = aSlowDisk();
    const queue = openWriteQueue(db, catalog);
    void queue.write(() => 7);
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await turn();

    expect(closed).to.equal(false);
    syncs[0]?.();
    await closing;
  });
});
