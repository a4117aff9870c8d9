import { expect } from "chai";
import { createSpool, type Spool } from "../../src/drivers/queue/bullmq-spool.js";
import { queueTables, type SpooledRow } from "../../src/drivers/queue/queue-tables.js";
import type { NewJob } from "../../src/drivers/queue/queue.js";
import type { Collection, Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { aClock, type TestClock } from "../support/city.js";
import { refusingScans } from "../support/engine.js";
import { between, Died, intercepting } from "../support/faults.js";
import { aJob, until } from "./queue.conformance-support.js";
import { rejection } from "./store.conformance-support.js";

const hour = 3_600_000;
const nothing = async (): Promise<void> => undefined;
const log = { warn: () => undefined, error: () => undefined };

describe("Letters that were kept while Redis was away, and several processes hand over", function () {
  this.timeout(20_000);
  let clock: TestClock;
  let store: Store;
  let rows: Collection<SpooledRow>;
  /** What Redis was given, and was worked off at once: the id of each is free again. */
  let ran: string[];

  const works = async (jobs: readonly NewJob[]): Promise<void> => {
    ran.push(...jobs.map(({ id }) => id));
  };
  /** The spool of a process; `over` is how it reaches the store, `redis` what Redis does for it. */
  const aSpool = (redis: Partial<Redis> = {}, over = store, renewMs = hour): Spool => {
    const shelves = { isUp: async () => true, add: works, check: nothing, peek: async () => [] };
    const tables = queueTables(over);
    return createSpool({
      ...{ rows: tables.spool, clock, log, ownerOf: undefined, renewMs },
      shelves: { ...shelves, ...redis },
    });
  };
  const heldUntil = async (): Promise<number[]> =>
    (await rows.find({}).toArray()).map((row) => row.heldUntil ?? 0);
  const letters = ["welcome", "reset"];
  const keep = (ids = letters): Promise<void> =>
    aSpool({ isUp: async () => false }).add(ids.map((id) => aJob(id)));

  beforeEach(async () => {
    clock = aClock();
    store = openSqliteStore(":memory:", refusingScans(clock));
    const tables = queueTables(store);
    await tables.ready();
    [rows, ran] = [tables.spool, []];
    await keep();
  });
  afterEach(() => store.close());

  it("go out once, though another process looks while they are being given", async () => {
    const one = aSpool({
      async add(jobs) {
        await works(jobs);
        expect(await aSpool().handOver()).to.equal(false);
      },
    });

    await one.handOver();

    expect(ran.sort()).to.deep.equal([...letters].sort());
    expect(await rows.countDocuments({})).to.equal(0);
  });

  it("go out once, though another process had read them before they were given", async () => {
    const late = aSpool({
      async check() {
        await aSpool().handOver();
      },
    });

    await late.handOver();

    expect(ran.sort()).to.deep.equal([...letters].sort());
  });

  it("go out twice when they were written twice: the later one is not taken along", async () => {
    const one = aSpool({
      async add(jobs) {
        await works(jobs);
        await keep(["reset"]);
      },
    });

    await one.handOver();
    expect(await rows.countDocuments({})).to.equal(1);
    await aSpool().handOver();

    expect(ran.sort()).to.deep.equal(["reset", "reset", "welcome"]);
  });

  it("are left to the next look when they were written again while they were being held", async () => {
    const hold = between("queue_spool", "updateMany", "after");
    hold.once(() => keep(["reset"]));

    await aSpool({}, hold.through(store)).handOver();
    expect([hold.happened, ran]).to.deep.equal([1, ["welcome"]]);
    await aSpool().handOver();

    expect(ran).to.deep.equal(["welcome", "reset"]);
  });

  it("are anybody's at once when Redis did not take them", async () => {
    const refuses = aSpool({ add: () => Promise.reject(new Error("Redis does not answer")) });

    expect(await rejection(refuses.handOver())).to.include({ message: "Redis does not answer" });
    await aSpool().handOver();

    expect(ran.sort()).to.deep.equal([...letters].sort());
  });

  it("wait ten seconds for a process that died while it gave them, and go out then", async () => {
    const given: number[] = [];
    const dying = aSpool({
      async add() {
        for (const ms of [0, 9_999, 1]) {
          clock.advance(ms);
          await aSpool().handOver();
          given.push(ran.length);
        }
        throw new Died("the process died here");
      },
    });

    expect(await rejection(dying.handOver())).to.be.instanceOf(Died);

    expect(given).to.deep.equal([0, 0, 2]);
    expect(ran.sort()).to.deep.equal([...letters].sort());
    expect(await rows.countDocuments({})).to.equal(0);
  });

  it("go out once, however long it takes to give them", async () => {
    const slow: Partial<Redis> = {
      async add(jobs) {
        await works(jobs);
        for (let n = 0; n < 3; n += 1) {
          clock.advance(9_000);
          const anew = clock.now().getTime() + 9_000;
          await until(async () => (await heldUntil()).every((ms) => ms > anew));
          expect(await aSpool().handOver()).to.equal(false);
        }
      },
    };

    await aSpool(slow, store, 1).handOver();

    expect(ran.sort()).to.deep.equal([...letters].sort());
    expect(await rows.countDocuments({})).to.equal(0);
  });

  it("go out again by the hundred at most when a process died that had given them", async () => {
    await keep(Array.from({ length: 250 }, (_, n) => `news/${n}`));
    const dies = intercepting(["queue_spool", "deleteMany"], () =>
      Promise.reject(new Died("the process died here")),
    );

    expect(await rejection(aSpool({}, dies(store)).handOver())).to.be.instanceOf(Died);
    const before = ran.length;
    clock.advance(10_000);
    while (await aSpool().handOver());

    expect([before, ran.length, new Set(ran).size]).to.deep.equal([100, 352, 252]);
  });

  it("of the release before, which held none, go out as well", async () => {
    await rows.updateMany({}, { $unset: { heldUntil: "" } });

    await aSpool().handOver();

    expect(ran.sort()).to.deep.equal([...letters].sort());
  });
});

type Redis = Parameters<typeof createSpool>[0]["shelves"];
