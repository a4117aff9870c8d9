import { expect } from "chai";
import { createIds, type Clock } from "../../src/drivers/clock.js";
import { backoffMs } from "../../src/drivers/queue/backoff.js";
import { createDead } from "../../src/drivers/queue/dead.js";
import { nextRun, scheduledJobId } from "../../src/drivers/queue/calendar.js";
import { isGone, newOwner } from "../../src/drivers/queue/embedded-owner.js";
import type { DeadRow, JobRow, ScheduleRow } from "../../src/drivers/queue/queue-tables.js";
import {
  createEmbeddedQueue,
  type EmbeddedQueueOptions,
} from "../../src/drivers/queue/embedded.js";
import { failureText } from "../../src/drivers/queue/failure-text.js";
import {
  Unrecoverable,
  type Queue,
  type Pace,
  type RunningJob,
} from "../../src/drivers/queue/queue.js";
import type { Collection, Row, Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { intercepting } from "../support/faults.js";
import { needsLinux } from "../support/needs.js";
import { onlyLinuxTells } from "../support/owners.js";
import {
  aGate,
  aJob,
  pause,
  queueConformance,
  townOf,
  until,
  type QueueBacking,
} from "./queue.conformance.js";

const LANE = "default";
const MINUTE = 60_000;

interface Bench extends QueueBacking {
  readonly store: Store;
  readonly clock: Clock;
  readonly logged: object[];
  queue(options?: Partial<EmbeddedQueueOptions>): Queue;
}

/** As much of a job's data as the log may hold. */
const loggedOf = (data: unknown) => ({ id: (data as { id: string }).id });

function onStore(store: Store): Bench {
  let ahead = 0;
  const clock: Clock = { now: () => new Date(Date.now() + ahead) };
  const queues: Queue[] = [];
  const logged: object[] = [];
  const note = (fields: object): void => void logged.push(fields);
  return {
    store,
    clock,
    logged,
    queue(options = {}) {
      const ids = createIds(clock);
      const log = { warn: note, error: note };
      const queue = createEmbeddedQueue({
        ...{ store, clock, ids, log, pollMs: 10, ownerOf: townOf, loggedOf },
        ...options,
      });
      queues.push(queue);
      return queue;
    },
    advance: async (ms) => void (ahead += ms),
    async close() {
      await Promise.all(queues.map((queue) => queue.close(1)));
      await store.close();
    },
  };
}

/** A store whose answer about jobs comes only after `meanwhile`, the first time that it is asked. */
function slowToTell(store: Store, meanwhile: () => Promise<void>): Store {
  let first = true;
  return {
    ...store,
    collection<T extends Row>(name: string): Collection<T> {
      const rows = store.collection<T>(name);
      if (name !== "queue_jobs") return rows;
      const findOne: Collection<T>["findOne"] = async (filter, options) => {
        const found = await rows.findOne(filter, options);
        if (!first) return found;
        first = false;
        await meanwhile();
        return found;
      };
      return Object.assign(Object.create(rows) as Collection<T>, { findOne });
    },
  };
}

/** A store that answers nothing about the calendar before `opened`. */
function silentOnDates(store: Store, opened: Promise<void>): Store {
  return {
    ...store,
    collection<T extends Row>(name: string): Collection<T> {
      const rows = store.collection<T>(name);
      if (name !== "queue_schedules") return rows;
      const find: Collection<T>["find"] = (filter, options) => {
        const found = rows.find(filter, options);
        const toArray = async () => {
          await opened;
          return found.toArray();
        };
        return Object.assign(Object.create(found) as typeof found, { toArray });
      };
      return Object.assign(Object.create(rows) as Collection<T>, { find });
    },
  };
}

async function aBench(): Promise<Bench> {
  return onStore(openSqliteStore(":memory:"));
}

queueConformance("the queue embedded in SQLite", aBench);

describe("the embedded queue", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await aBench();
  });

  afterEach(() => bench.close());

  const served = async (
    run: (job: RunningJob) => Promise<void>,
    options: Partial<EmbeddedQueueOptions> = {},
  ): Promise<Queue> => {
    const queue = bench.queue(options);
    queue.process(LANE, 4, run);
    await queue.start();
    return queue;
  };

  const jobs = () => bench.store.collection<JobRow>("queue_jobs");
  const dead = () => bench.store.collection<DeadRow>("queue_dead");
  const schedules = () => bench.store.collection<ScheduleRow>("queue_schedules");

  const takenBy = async (owner: string, leaseMs: number, tries = 1): Promise<void> => {
    await bench.queue().add([aJob("lost")]);
    const at = bench.clock.now().getTime() + leaseMs;
    const taken = { state: "running" as const, owner, claim: `${owner}|1`, at, tries };
    await jobs().updateOne({ _id: `${LANE}:lost` }, { $set: taken });
  };

  it("keeps what was given up for 90 days, and then as if it had never died", async () => {
    const queue = await served(() => Promise.reject(new Error("no such address")));
    await queue.add([aJob("mistyped", { attempts: 1 })]);
    await until(async () => (await queue.counts(LANE)).dead === 1);
    await bench.advance?.(89 * 24 * 3_600_000);
    const before = await queue.dead(LANE, 10);
    const row = await dead().findOne({ _id: `${LANE}:mistyped` });
    await bench.advance?.(2 * 24 * 3_600_000);

    expect(before.map(({ id }) => id)).to.deep.equal(["mistyped"]);
    expect(row?.forgetAt.getTime()).to.equal((row?.diedAt ?? 0) + 90 * 24 * 3_600_000);
    expect(await queue.dead(LANE, 10)).to.deep.equal([]);
    expect(await queue.deadKinds(LANE)).to.deep.equal([]);
    expect(await queue.countDead(LANE, "nobody")).to.equal(0);
    expect((await queue.counts(LANE)).dead).to.equal(0);
  });

  it("is not idle while a job passes from waiting to running", async () => {
    const gate = aGate();
    const seen: string[] = [];
    const slowly = slowToTell(bench.store, async () => {
      worker.process(LANE, 1, async ({ id }) => {
        seen.push(id);
        await gate.opened;
      });
      await worker.start();
      await until(() => seen.length === 1);
    });
    const worker = bench.queue();
    const asker = bench.queue({ store: slowly });
    asker.process(LANE, 1, async () => undefined);
    await asker.add([aJob("slow")]);

    let idle = false;
    const told = asker.idle().then(() => (idle = true));
    await until(() => seen.length === 1);
    await pause(30);
    expect(idle).to.equal(false);

    gate.open();
    await told;
  });

  it("begins no job once it was told to close, however late the calendar's answer comes", async () => {
    const gate = aGate();
    const dates = aGate();
    const seen: string[] = [];
    const queue = bench.queue({ store: silentOnDates(bench.store, dates.opened) });
    queue.process(LANE, 1, async ({ id }) => {
      seen.push(id);
      await gate.opened;
    });
    await queue.start();
    await queue.add([aJob("a"), aJob("b")]);
    await until(() => seen.length === 1);

    const closing = queue.close(1_000);
    gate.open();
    await pause(50);
    dates.open();
    await closing;

    expect(seen).to.deep.equal(["a"]);
  });

  it("leaves to the next process what waits for its turn to begin when it closes, with all tries", async () => {
    const gate = aGate();
    const seen: string[] = [];
    const queue = bench.queue();
    const pace = (): Pace => ({ together: 2, restMs: 20 });
    queue.process(LANE, { most: 20, pace }, async ({ id }) => {
      seen.push(id);
      await gate.opened;
    });
    await queue.add(Array.from({ length: 20 }, (_, i) => aJob(`mail/${i}`)));
    await queue.start();
    await until(() => seen.length > 0);

    const closing = queue.close(60_000);
    const begun = [...seen];
    const left = 20 - begun.length;
    await until(async () => (await queue.counts(LANE)).waiting === left);
    // Longer than it takes for the turn of each to come.
    await pause(250);
    gate.open();
    await closing;

    expect(seen).to.deep.equal(begun);
    expect(left).to.be.at.least(1);
    expect(await jobs().countDocuments({ state: "waiting", tries: 0 })).to.equal(left);
    expect(await queue.counts(LANE)).to.include({ waiting: left, running: 0 });
  });

  it("goes on with a burst, however much else keeps coming", async () => {
    const order: string[] = [];
    const queue = bench.queue();
    queue.process(LANE, 1, async ({ id }) => {
      order.push(id);
      if (id.startsWith("small/")) await queue.add([aJob(`small/${order.length}`)]);
    });
    const great = Array.from({ length: 5 }, (_, at) => aJob(`great/${at}`, { yieldsMs: MINUTE }));
    await queue.add([...great, aJob("small/0")]);

    await queue.start();
    await until(() => order.filter((id) => id.startsWith("great/")).length === 5);

    expect(order.filter((id) => id.startsWith("small/")).length).to.be.at.least(5);
  });

  describe("leases", () => {
    it("takes up the job of a silent process once its lease ran out, as its next try", async () => {
      const seen: RunningJob[] = [];
      await takenBy("other-machine|pid:[1]|77|1|a", 1_000);
      const queue = await served(async (job) => void seen.push(job), { leaseMs: 30 });
      await pause(30);
      expect(seen).to.deep.equal([]);

      await bench.advance?.(1_000);
      await until(() => seen.length === 1);
      await queue.idle();

      expect(seen[0]).to.include({ id: "lost", attempt: 2 });
    });

    it("takes up at once the job of a process of this machine that is gone", async function () {
      needsLinux(this, onlyLinuxTells);
      const seen: RunningJob[] = [];
      const killed = newOwner().split("|");
      killed[3] = "1";
      await takenBy(killed.join("|"), 60_000);

      await served(async (job) => void seen.push(job));

      await until(() => seen.length === 1);
    });

    it("lets a job that stops its process each time die after its last try", async () => {
      let runs = 0;
      await takenBy("other-machine|pid:[1]|77|1|a", -1, 3);

      const queue = await served(async () => void (runs += 1));
      await until(async () => (await queue.counts(LANE)).dead === 1);

      expect(runs).to.equal(0);
      expect(await dead().findOne({ _id: `${LANE}:lost` })).to.include({
        id: "lost",
        tries: 3,
        error: "the process stopped while it ran this job",
      });
      await until(async () => (await queue.counts(LANE)).running === 0);
      // Nobody who ran it is left to tell.
      await until(() => bench.logged.length === 1);
      expect(bench.logged[0]).to.include({ queue: LANE, name: "greet", job: "lost", id: "lost" });
    });

    it("leaves the jobs of all queues to the process that runs them, whoever comes back first when the store was away", async () => {
      const gate = aGate();
      const away = { one: false, other: false };
      let runs = 0;
      let looked: unknown[] = [];
      const opened = async (store: Store): Promise<Queue> => {
        const queue = bench.queue({ store, leaseMs: 3_000 });
        for (const lane of [LANE, "mail"]) {
          queue.process(lane, 4, async () => {
            runs += 1;
            await gate.opened;
          });
        }
        await queue.start();
        return queue;
      };
      const queue = await opened(failingWhen(bench.store, () => away.one));
      await queue.add([aJob("a"), aJob("b", { queue: "mail" })]);
      await until(() => runs === 2);
      const flaky = failingWhen(bench.store, () => away.other);
      await opened(
        intercept(flaky, (method, [filter]) => {
          const { state, queue: lane } = (filter ?? {}) as Partial<JobRow>;
          if (method === "find" && state === "running") looked.push(lane);
        }),
      );

      [away.one, away.other, looked] = [true, true, []];
      await until(() => looked.length > 0);
      await bench.advance?.(MINUTE);
      [away.other, looked] = [false, []];
      await until(() => looked.includes("mail"));
      away.one = false;
      const held = { state: "running", at: { $gt: bench.clock.now().getTime() } } as const;
      await until(async () => (await jobs().countDocuments(held)) === 2);
      gate.open();
      await queue.idle();

      expect(runs).to.equal(2);
    });

    it("renews the lease of a job for as long as it runs", async () => {
      const gate = aGate();
      const queue = await served(() => gate.opened, { leaseMs: 60 });
      const lease = async (): Promise<number> =>
        (await jobs().findOne({ state: "running" }))?.at ?? 0;
      await queue.add([aJob("long")]);
      await until(async () => (await lease()) > 0);
      const first = await lease();

      await until(async () => (await lease()) > first);

      gate.open();
      await queue.idle();
    });

    it("leaves alone what was taken over from it", async () => {
      const gate = aGate();
      let runs = 0;
      const queue = await served(async () => {
        runs += 1;
        await gate.opened;
      });
      await queue.add([aJob("slow")]);
      await until(() => runs === 1);

      const theirs = { owner: "other-machine|x|1|1|b", claim: "theirs" };
      await jobs().updateOne({ _id: `${LANE}:slow` }, { $set: theirs });
      gate.open();
      await queue.close(100);

      expect(await jobs().findOne({ _id: `${LANE}:slow` })).to.include({ claim: "theirs" });
    });

    it("does not count the try of a job that was released", async () => {
      let begun = false;
      const queue = await served(async () => {
        begun = true;
        await new Promise(() => undefined);
      });
      await queue.add([aJob("long")]);
      await until(() => begun);

      await queue.close(1);

      const row = await jobs().findOne({ _id: `${LANE}:long` });
      expect(row).to.include({ state: "waiting", tries: 0, owner: null, claim: null });
    });

    it("knows its own process for alive, and says nothing of other machines", () => {
      const own = newOwner();

      expect(isGone(own)).to.equal(false);
      expect(isGone("other-machine|pid:[1]|999999|1|x")).to.equal(false);
      expect(isGone("")).to.equal(false);
    });

    it("takes no server for gone because another machine with the same name has no such process", function () {
      needsLinux(this, onlyLinuxTells);
      const [host = "", space = ""] = newOwner().split("|");
      const [, boot] = space.split("@");
      const elsewhere = space.replace(boot ?? "none", "7d2a9b14-0000-4000-8000-000000000000");

      expect(isGone(`${host}|${space}|4194305|1|x`)).to.equal(true);
      expect(isGone(`${host}|${elsewhere}|4194305|1|x`)).to.equal(false);
      expect(isGone(`${host}|${elsewhere}|${process.pid}|1|x`)).to.equal(false);
      const unknown = space.split("@")[0];
      expect(isGone(`${host}|${unknown}|4194305|1|x`)).to.equal(false);
    });
  });

  describe("the dead", () => {
    it("keeps the last thousand of a queue with what went wrong", async () => {
      await bench.queue().counts(LANE);
      const before = bench.clock.now().getTime() - MINUTE;
      const old = Array.from({ length: 1_004 }, (_, i) => ({
        _id: `${LANE}:old/${i}`,
        queue: LANE,
        id: `old/${i}`,
        name: "greet",
        data: "{}",
        attempts: 1,
        backoff: { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 },
        tries: 1,
        error: "old",
        diedAt: before + i,
        ...{ owner: null, heldUntil: 0, forgetAt: new Date(before + 3_600_000) },
      }));
      await dead().insertMany(old);
      const queue = await served(async () => {
        throw new Unrecoverable(`no answer from https://a:b@peer.example/inbox?token=secret`);
      });

      await queue.add([aJob("new")]);
      await until(async () => (await queue.counts(LANE)).dead === 1_000);

      const row = await dead().findOne({ _id: `${LANE}:new` });
      expect(row?.error).to.equal("no answer from https://peer.example/inbox?…");
      expect(await dead().findOne({ _id: `${LANE}:old/4` })).to.equal(null);
    });

    it("lets another revive what a process held when it died, but not before", async () => {
      let fails = true;
      const queue = await served(async () => {
        if (fails) throw new Unrecoverable("no");
      });
      await queue.add([aJob("a")]);
      await until(async () => (await queue.counts(LANE)).dead === 1);
      fails = false;
      const heldUntil = bench.clock.now().getTime() + MINUTE;
      await dead().updateOne({ _id: `${LANE}:a` }, { $set: { heldUntil } });

      expect(await queue.revive(LANE, ["a"])).to.equal(0);
      expect(await queue.drop(LANE, ["a"])).to.equal(0);
      await bench.advance?.(MINUTE);

      expect(await queue.revive(LANE, ["a"])).to.equal(1);
      await queue.idle();
      expect(await queue.dead(LANE, 10)).to.deep.equal([]);
    });

    it("holds nothing that it could not add", async () => {
      const queue = await served(async () => {
        throw new Unrecoverable("no");
      });
      await queue.add([aJob("a")]);
      await until(async () => (await queue.counts(LANE)).dead === 1);
      const graves = createDead({ rows: dead(), clock: bench.clock, ownerOf: undefined });
      const away = {
        add: () => Promise.reject(new Error("away")),
        peek: () => Promise.resolve([]),
      };

      const refused = await graves.revive(LANE, ["a"], away).catch(() => "refused");

      expect(refused).to.equal("refused");
      expect(await queue.drop(LANE, ["a"])).to.equal(1);
    });

    it("keeps no more of an error than a line of 500 characters, without credentials", () => {
      expect(failureText(new Error("x".repeat(9_000)))).to.have.length(500);
      expect(failureText(new Error("a\nb\u0000c"))).to.equal("a b c");
      expect(failureText(new Error("Authorization: Bearer abc.def-123"))).to.equal(
        "Authorization: Bearer …",
      );
      expect(failureText("plain")).to.equal("plain");
      expect(failureText(undefined)).to.equal("undefined");
    });
  });

  describe("the calendar", () => {
    const line = {
      key: "sweep",
      cron: "0 * * * *",
      timezone: "UTC",
      job: { ...aJob("unused"), data: { n: 1 } },
    };

    it("finishes what another process began and did not live to add", async () => {
      const seen: string[] = [];
      const queue = await served(async ({ id }) => void seen.push(id), { leaseMs: 30 });
      await queue.schedule([line]);
      const pendingAt = Date.UTC(2026, 0, 31, 6);
      const pendingSince = bench.clock.now().getTime();
      await schedules().updateOne({ _id: "sweep" }, { $set: { pendingAt, pendingSince } });

      await until(() => seen.length === 1);

      expect(seen).to.deep.equal(["sweep/20260131T060000Z"]);
      await until(async () => (await schedules().findOne({ _id: "sweep" }))?.pendingAt === null);
    });

    it("takes over a changed job without moving its time", async () => {
      const queue = bench.queue();
      await queue.schedule([line]);
      const before = await schedules().findOne({ _id: "sweep" });

      await bench.advance?.(1);
      await queue.schedule([{ ...line, job: { ...line.job, data: { n: 2 } } }]);

      const after = await schedules().findOne({ _id: "sweep" });
      expect(after?.nextAt).to.equal(before?.nextAt);
      expect(JSON.parse(after?.job ?? "")).to.have.nested.property("data.n", 2);
    });

    it("follows the clock of the town through the change to winter time", () => {
      const saturday = Date.UTC(2026, 9, 24, 12);
      const first = nextRun("0 7 * * *", "Europe/Paris", saturday);

      expect(scheduledJobId("k", first)).to.equal("k/20261025T060000Z");
      expect(nextRun("0 7 * * *", "Europe/Paris", first)).to.equal(Date.UTC(2026, 9, 26, 6));
    });
  });

  describe("waiting for work", () => {
    it("adds the share of chance that the backoff asks for, under its ceiling", () => {
      const backoff = { baseMs: 1_000, factor: 3, maxMs: 20_000, jitter: 0.5 };

      expect([1, 2, 3, 4].map((n) => backoffMs(backoff, n, () => 0))).to.deep.equal([
        1_000, 3_000, 9_000, 20_000,
      ]);
      expect(backoffMs(backoff, 1, () => 1)).to.equal(1_500);
      expect(backoffMs(backoff, 2_000, () => 1)).to.equal(30_000);
    });

    it("takes its chance from where it is told", async () => {
      const backoff = { baseMs: 60_000, factor: 1, maxMs: 60_000, jitter: 1 };
      const fail = async (): Promise<void> => {
        throw new Error("no");
      };
      const queue = await served(fail, { random: () => 0.5 });
      const before = bench.clock.now().getTime();

      await queue.add([aJob("a", { backoff })]);
      await until(async () => (await queue.counts(LANE)).delayed === 1);

      const row = await jobs().findOne({ _id: `${LANE}:a` });
      expect((row?.at ?? 0) - before).to.be.within(90_000, 90_500);
    });

    it("wakes for what it adds itself and for what falls due, without polling", async () => {
      const seen: string[] = [];
      const queue = await served(async ({ id }) => void seen.push(id), { pollMs: 60_000 });
      await pause(5);

      await queue.add([aJob("soon", { delayMs: 30 })]);
      await queue.add([aJob("now")]);
      await until(() => seen.length === 2);

      expect(seen).to.deep.equal(["now", "soon"]);
    });

    it("goes on from one handful of jobs to the next without polling", async () => {
      let runs = 0;
      const queue = await served(async () => void (runs += 1), { pollMs: 60_000 });

      await queue.add(Array.from({ length: 60 }, (_, i) => aJob(`job/${i}`)));
      await until(() => runs === 60);
    });

    it("writes down together what ends at nearly the same time, while every place is taken", async () => {
      let deletes = 0;
      let runs = 0;
      const counting = intercept(bench.store, (method) => {
        if (method === "deleteMany") deletes += 1;
      });
      const queue = bench.queue({ store: counting });
      queue.process(LANE, 40, async ({ id }) => {
        await pause(Number(id.slice(4)) % 5);
        runs += 1;
      });
      await queue.add(Array.from({ length: 400 }, (_, i) => aJob(`job/${i}`)));
      await queue.start();

      await until(() => runs === 400);
      await queue.idle();

      expect(deletes).to.be.below(120);
    });

    it("takes what there is room for at once, and begins it two by two while somebody reads", async () => {
      const restMs = 20;
      const gate = aGate();
      const begun: number[] = [];
      const queue = bench.queue();
      const pace = (): Pace => ({ together: 2, restMs });
      queue.process(LANE, { most: 6, pace }, async () => {
        begun.push(performance.now());
        await gate.opened;
      });
      await queue.add(Array.from({ length: 8 }, (_, i) => aJob(`job/${i}`)));
      await queue.start();

      await until(() => begun.length === 6);
      const running = await jobs().find({ state: "running" }).toArray();
      gate.open();
      await queue.idle();

      expect(new Set(running.map(({ claim }) => claim)).size).to.equal(1);
      const rests = [2, 4, 6].map((at) => (begun[at] ?? 0) - (begun[at - 1] ?? 0));
      // A timer may be a millisecond early by the clock that is read here.
      for (const rest of rests) expect(rest).to.be.at.least(restMs - 1);
      expect(begun).to.have.length(8);
    });

    it("begins all that there is room for at once while nobody reads", async () => {
      const gate = aGate();
      let runs = 0;
      const queue = bench.queue();
      queue.process(LANE, { most: 6, pace: () => null }, async () => {
        runs += 1;
        await gate.opened;
      });
      await queue.add(Array.from({ length: 8 }, (_, i) => aJob(`job/${i}`)));
      await queue.start();

      await until(() => runs === 6);
      gate.open();
      await queue.idle();

      expect(runs).to.equal(8);
    });

    it("asks the store for next to nothing while there is nothing to do", async () => {
      let reads = 0;
      const counting = countingReads(bench.store, () => (reads += 1));
      await served(async () => undefined, { store: counting, pollMs: 60_000 });
      await pause(50);
      const settled = reads;

      await pause(40);

      expect(reads - settled).to.equal(0);
    });
  });

  describe("a store that fails", () => {
    it("is noticed by who asks whether the queue answers, without looking through its file", async () => {
      let broken = false;
      const flaky = failingWhen(bench.store, () => broken);
      const looked: string[] = [];
      const check = async (): Promise<void> => void looked.push("through the whole file");
      const queue = bench.queue({ store: { ...flaky, check } });

      await queue.check();
      broken = true;
      const refused = await queue.check().catch(() => "refused");

      expect(refused).to.equal("refused");
      expect(looked).to.deep.equal([]);
    });

    it("is reported and asked again, and every job still runs", async () => {
      const seen: string[] = [];
      let broken = false;
      const flaky = failingWhen(bench.store, () => broken);
      const gate = aGate();
      const queue = await served(
        async ({ id }) => {
          seen.push(id);
          await gate.opened;
        },
        { store: flaky, leaseMs: 30 },
      );
      await queue.add([aJob("a")]);
      await until(() => seen.length === 1);

      broken = true;
      gate.open();
      await until(() => bench.logged.length > 2);
      broken = false;
      await queue.add([aJob("b")]);
      await queue.idle();

      expect(seen).to.deep.equal(["a", "b"]);
      expect(bench.logged[0]).to.have.property("error", "the disk is full");
    });

    it("takes up again what it claimed by a write whose answer was lost", async () => {
      let isCut = true;
      const cut = intercepting(["queue_jobs", "updateMany"], async (write) => {
        const done = await write();
        if (isCut) throw new Error("the answer is lost");
        return done;
      });
      const seen: string[] = [];
      const queue = await served(async ({ id }) => void seen.push(id), {
        ...{ store: cut(bench.store), leaseMs: 300 },
      });
      await queue.add([aJob("a")]);
      await until(() => bench.logged.length > 0);
      expect((await queue.counts(LANE)).running).to.equal(1);

      isCut = false;
      await until(() => seen.length > 0);
      await queue.idle();

      expect(seen).to.deep.equal(["a"]);
    });

    it("refuses what is added, so that the caller knows", async () => {
      const queue = bench.queue({ store: failingWhen(bench.store, () => true) });

      const failure: unknown = await queue.add([aJob("a")]).catch((error: unknown) => error);

      expect(failure).to.have.property("message", "the disk is full");
    });

    it("does not keep the process from closing", async () => {
      const store = openSqliteStore(":memory:");
      const queue = await served(() => new Promise(() => undefined), { store });
      await queue.add([aJob("a")]);
      await until(async () => (await queue.counts(LANE)).running === 1);

      await store.close();
      await queue.close(20);

      expect(bench.logged).not.to.have.length(0);
    });
  });
});

function intercept(
  store: Store,
  before: (method: string, args: readonly unknown[]) => void,
): Store {
  return {
    ...store,
    collection: (name) =>
      new Proxy(store.collection(name), {
        get(target, key) {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== "function") return member;
          return (...args: unknown[]): unknown => {
            before(String(key), args);
            return Reflect.apply(member, target, args);
          };
        },
      }),
  };
}

function countingReads(store: Store, count: () => void): Store {
  return intercept(store, count);
}

function failingWhen(store: Store, isBroken: () => boolean): Store {
  return intercept(store, () => {
    if (isBroken()) throw new Error("the disk is full");
  });
}
