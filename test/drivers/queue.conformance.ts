import { expect } from "chai";
import {
  Postpone,
  RetryLater,
  Unrecoverable,
  type NewJob,
  type Queue,
  type RunningJob,
  type Schedule,
} from "../../src/drivers/queue/queue.js";
import { describeDead } from "./queue.conformance-dead.js";
import {
  aGate,
  aJob,
  LANE,
  MINUTE,
  pause,
  serving,
  steady,
  until,
  type QueueBacking,
} from "./queue.conformance-support.js";

export {
  aGate,
  aJob,
  pause,
  townOf,
  until,
  type QueueBacking,
} from "./queue.conformance-support.js";

/** The promises that every driver of `Queue` keeps; `open` gives an empty backing. */
export function queueConformance(name: string, open: () => Promise<QueueBacking>): void {
  describe(`${name} keeps the promises of a queue`, () => {
    let backing: QueueBacking;

    beforeEach(async () => {
      backing = await open();
    });

    afterEach(() => backing.close());

    describeIdentity(() => backing);
    describeTime(() => backing);
    describeFailure(() => backing);
    describe("about jobs that died", () => describeDead(() => backing));
    describeWorkers(() => backing);
    describeFairness(() => backing);
    describeClosing(() => backing);
    describeCalendar(() => backing);
  });
}

type Backing = () => QueueBacking;

async function refusal(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

function describeIdentity(backing: Backing): void {
  it("hands a job to its worker as it was added", async () => {
    const seen: RunningJob[] = [];
    const data = { text: "é 🌳", list: [1, null], "odd.$key": { deep: true } };
    const queue = await serving(backing(), async (job) => void seen.push(job));

    await queue.add([aJob("proposal/1", { data, attempts: 5 })]);
    await queue.idle();

    expect(seen).to.deep.equal([
      { id: "proposal/1", queue: LANE, name: "greet", data, attempt: 1, attempts: 5 },
    ]);
  });

  it("hands over one that comes back from elsewhere with what it has been through", async () => {
    const seen: RunningJob[] = [];
    const queue = await serving(backing(), async (job) => void seen.push(job));

    await queue.add([aJob("back/1", { attempts: 5, tries: 3, postponed: 2 })]);
    await queue.add([aJob("back/2", { attempts: 5, tries: 1, yieldsMs: 1_000 })]);
    await queue.idle();

    const been = seen.map(({ id, attempt, postponed = 0 }) => [id, attempt, postponed]);
    expect(been).to.have.deep.members([
      ["back/1", 4, 2],
      ["back/2", 2, 0],
    ]);
  });

  it("forgets what waits of one town, a part at a time, and neither what runs nor another's", async () => {
    const gate = aGate();
    const queue = await serving(backing(), () => gate.opened, 1);
    const later = { delayMs: 60 * MINUTE };
    const waits = Array.from({ length: 620 }, (_, n) =>
      aJob(`valmont/${n}`, { ...later, data: { town: "valmont" } }),
    );
    await queue.add([aJob("valmont/runs", { data: { town: "valmont" } })]);
    await until(async () => (await queue.counts(LANE)).running === 1);
    await queue.add(waits);
    await queue.add([
      aJob("valmont/due", { data: { town: "valmont" } }),
      aJob("valmont/patient", { data: { town: "valmont" }, yieldsMs: 1_000 }),
      aJob("roche/1", { ...later, data: { town: "roche", beside: "valmont" } }),
    ]);

    let from: string | null = null;
    let parts = 0;
    do {
      from = await queue.forget("valmont", from);
      parts += 1;
    } while (from !== null);

    expect(parts).to.be.greaterThan(1);
    expect(await queue.counts(LANE)).to.include({ waiting: 0, delayed: 1, running: 1 });
    gate.open();
    await queue.idle();
    expect(await queue.counts(LANE)).to.include({ waiting: 0, delayed: 1, running: 0 });
  });

  it("keeps what is added while nobody serves, and runs each job once", async () => {
    const runs = new Map<string, number>();
    await backing()
      .queue()
      .add(Array.from({ length: 250 }, (_, i) => aJob(`job/${i}`)));

    const queue = await serving(
      backing(),
      async ({ id }) => void runs.set(id, (runs.get(id) ?? 0) + 1),
    );
    await queue.idle();

    expect(runs.size).to.equal(250);
    expect([...runs.values()].every((count) => count === 1)).to.equal(true);
  });

  it("makes one job of an id that still waits, and keeps the others of the batch", async () => {
    const queue = backing().queue();

    await queue.add([aJob("a"), aJob("a"), aJob("b")]);
    await queue.add([aJob("c"), aJob("a"), aJob("d")]);

    expect(await queue.counts(LANE)).to.include({ waiting: 4 });
  });

  it("makes one job of an id that still runs", async () => {
    const gate = aGate();
    let runs = 0;
    const queue = await serving(backing(), async () => {
      runs += 1;
      await gate.opened;
    });
    await queue.add([aJob("a")]);
    await until(() => runs === 1);

    await queue.add([aJob("a")]);
    gate.open();
    await queue.idle();

    expect(runs).to.equal(1);
  });

  it("takes the id of a finished job again", async () => {
    let runs = 0;
    const queue = await serving(backing(), async () => void (runs += 1));
    await queue.add([aJob("a")]);
    await queue.idle();

    await queue.add([aJob("a")]);
    await queue.idle();

    expect(runs).to.equal(2);
  });

  it("tells the same id on two queues apart", async () => {
    const queue = backing().queue();

    await queue.add([aJob("a"), aJob("a", { queue: "delivery" })]);

    expect(await queue.counts(LANE)).to.include({ waiting: 1 });
    expect(await queue.counts("delivery")).to.include({ waiting: 1 });
  });

  it("tells since when the job that is due for longest has been due", async () => {
    const queue = backing().queue();
    expect(await queue.oldestDue(LANE)).to.equal(null);

    await queue.add([aJob("later", { delayMs: MINUTE })]);
    expect(await queue.oldestDue(LANE)).to.equal(null);
    const before = Date.now();
    await queue.add([aJob("first")]);
    const after = Date.now();
    await until(() => Date.now() > after);
    await queue.add([aJob("second")]);

    const oldest = (await queue.oldestDue(LANE))?.getTime();
    expect(oldest).to.be.within(before, after);
  });

  it("tells it of those that let others pass, too, which are most of a long backlog", async () => {
    const queue = backing().queue();
    const before = Date.now();
    await queue.add([aJob("patient", { yieldsMs: MINUTE })]);
    const after = Date.now();

    expect((await queue.oldestDue(LANE))?.getTime()).to.be.within(before, after);
    await until(() => Date.now() > after);
    await queue.add([aJob("prompt")]);

    expect((await queue.oldestDue(LANE))?.getTime()).to.be.within(before, after);
  });

  it("tells it of a job that was tried before since it is due again, not since it was added", async () => {
    const gate = aGate();
    let failedAt = Number.POSITIVE_INFINITY;
    const run = async ({ id, attempt }: RunningJob): Promise<void> => {
      if (id === "again" && attempt === 1) {
        failedAt = Date.now();
        throw new RetryLater("busy", 300);
      }
      if (id === "long") await gate.opened;
    };
    const queue = await serving(backing(), run, 1);
    await queue.add([aJob("again", { attempts: 5 })]);
    await until(() => failedAt < Number.POSITIVE_INFINITY);
    await queue.add([aJob("long"), aJob("next")]);
    const waits = async (): Promise<boolean> => (await queue.counts(LANE)).waiting === 2;
    await until(waits);

    const oldest = (await queue.oldestDue(LANE))?.getTime() ?? 0;
    gate.open();
    await queue.idle();

    expect(oldest).to.be.at.least(failedAt);
  });

  it("refuses whole a batch with a job that a driver could not keep", async () => {
    const queue = backing().queue();
    const wrong = [aJob("a:b"), aJob("12"), aJob(""), aJob("z".repeat(501))];
    wrong.push(aJob("none", { attempts: 0 }), aJob("lane", { queue: "Not a queue" }));

    for (const job of wrong) {
      expect(await refusal(queue.add([aJob("good"), job])), job.id).to.be.instanceOf(TypeError);
    }

    expect(await queue.counts(LANE)).to.include({ waiting: 0 });
  });
}

function describeTime(backing: Backing): void {
  it("runs a delayed job when it is due and not before", async () => {
    let ranAt = 0;
    const queue = await serving(backing(), async () => void (ranAt = Date.now()));
    const addedAt = Date.now();

    await queue.add([aJob("later", { delayMs: 600 })]);
    expect(await queue.counts(LANE)).to.include({ delayed: 1, waiting: 0 });
    await until(() => ranAt > 0);

    expect(ranAt - addedAt).to.be.at.least(599);
  });

  it("is idle while the only jobs left are delayed", async () => {
    const queue = await serving(backing(), async () => undefined);

    await queue.add([aJob("now"), aJob("later", { delayMs: MINUTE })]);
    await queue.idle();

    expect(await queue.counts(LANE)).to.deep.equal({ waiting: 0, delayed: 1, running: 0, dead: 0 });
  });

  it("serves first what was due first", async () => {
    const order: string[] = [];
    await backing()
      .queue()
      .add(["a", "b", "c"].map((id) => aJob(id)));
    await backing()
      .queue()
      .add([aJob("d")]);

    const queue = await serving(backing(), async ({ id }) => void order.push(id), 1);
    await queue.idle();

    expect(order).to.deep.equal(["a", "b", "c", "d"]);
  });
}

function describeFailure(backing: Backing): void {
  it("tries again after a failure, waiting longer each time", async () => {
    const begun: number[] = [];
    const attempts: number[] = [];
    const queue = await serving(backing(), async ({ attempt }) => {
      begun.push(Date.now());
      attempts.push(attempt);
      if (attempt < 4) throw new Error("the peer is down");
    });

    await queue.add([
      aJob("a", { attempts: 4, backoff: { ...steady, baseMs: 20, factor: 2, maxMs: 60 } }),
    ]);
    await until(() => attempts.length === 4);
    await queue.idle();

    expect(attempts).to.deep.equal([1, 2, 3, 4]);
    const gaps = begun.slice(1).map((time, i) => time - (begun[i] ?? 0));
    [20, 40, 60].forEach((least, i) => expect(gaps[i]).to.be.at.least(least - 1));
    expect(await queue.counts(LANE)).to.include({ dead: 0, delayed: 0 });
  });

  it("counts a job dead after its last try, and takes its id again", async () => {
    let runs = 0;
    const queue = await serving(backing(), async () => {
      runs += 1;
      if (runs <= 3) throw new Error("no");
    });

    await queue.add([aJob("a")]);
    await until(async () => (await queue.counts(LANE)).dead === 1);
    await queue.idle();
    expect(runs).to.equal(3);
    await queue.add([aJob("a")]);
    await until(() => runs === 4);
    await queue.idle();

    expect(await queue.counts(LANE)).to.include({ waiting: 0, delayed: 0, running: 0 });
  });

  it("gives up at once when the worker says that no try makes sense", async () => {
    let runs = 0;
    const queue = await serving(backing(), async () => {
      runs += 1;
      throw new Unrecoverable("gone");
    });

    await queue.add([aJob("a", { attempts: 9 })]);
    await until(async () => (await queue.counts(LANE)).dead === 1);

    expect(runs).to.equal(1);
  });

  it("waits as long as the worker asks, and counts the try", async () => {
    const begun: number[] = [];
    const queue = await serving(backing(), async () => {
      begun.push(Date.now());
      throw new RetryLater("too many requests", 50);
    });

    await queue.add([aJob("a", { attempts: 2 })]);
    await until(async () => (await queue.counts(LANE)).dead === 1);

    expect(begun).to.have.length(2);
    expect((begun[1] ?? 0) - (begun[0] ?? 0)).to.be.at.least(49);
  });

  it("begins a postponed job again without counting a try, and says how often it did", async () => {
    const seen: Array<[number, number | undefined]> = [];
    const begun: number[] = [];
    const queue = await serving(backing(), async ({ attempt, postponed }) => {
      seen.push([attempt, postponed]);
      begun.push(Date.now());
      if (seen.length <= 3) throw new Postpone("not its turn", 20);
      if (seen.length === 4) throw new Error("no");
    });

    await queue.add([aJob("a", { attempts: 2 })]);
    await until(() => seen.length === 5);
    await queue.idle();

    expect(seen).to.deep.equal([
      [1, undefined],
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
    expect((begun[1] ?? 0) - (begun[0] ?? 0)).to.be.at.least(19);
    expect(await queue.counts(LANE)).to.deep.equal({ waiting: 0, delayed: 0, running: 0, dead: 0 });
  });

  it("tells for which reason alone a try has been postponed, and since when", async () => {
    const ends = [
      new Postpone("it is dark", 2, "dark"),
      new Postpone("it is dark", 2, "dark"),
      new Postpone("something else", 2),
      new Postpone("it is dark", 2, "dark"),
      new Postpone("it is cold", 2, "cold"),
      new RetryLater("not now", 2),
      new Postpone("it is cold", 2, "cold"),
    ];
    const seen: RunningJob[] = [];
    const queue = await serving(backing(), async (job) => {
      seen.push(job);
      const end = ends[seen.length - 1];
      if (end !== undefined) throw end;
    });

    await queue.add([aJob("a", { attempts: 2 })]);
    await until(() => seen.length > ends.length);
    await queue.idle();

    const told = seen.map(({ attempt, putOff }) => [attempt, putOff?.why]);
    expect(told).to.deep.equal([
      [1, undefined],
      [1, "dark"],
      [1, "dark"],
      [1, undefined],
      [1, "dark"],
      [1, "cold"],
      [2, undefined],
      [2, "cold"],
    ]);
    const since = seen.map(({ putOff }) => putOff?.since.getTime() ?? 0);
    expect(since[2]).to.equal(since[1]);
    expect(since[4]).to.be.greaterThan(since[1] ?? Infinity);
    expect(since[7]).to.be.greaterThan(since[5] ?? Infinity);
  });

  it("never counts a job dead because it was postponed, be it at its last try", async () => {
    let runs = 0;
    const queue = await serving(backing(), async () => {
      runs += 1;
      if (runs < 6) throw new Postpone("not its turn", 1);
    });

    await queue.add([aJob("a", { attempts: 1 })]);
    await until(() => runs === 6);
    await queue.idle();

    expect(await queue.counts(LANE)).to.include({ dead: 0, delayed: 0 });
  });

  it("tells which of some jobs wait or run, and until when", async () => {
    const gate = aGate();
    const queue = await serving(backing(), async ({ id }) => {
      if (id === "runs") await gate.opened;
    });
    await queue.add([aJob("runs"), aJob("waits", { delayMs: MINUTE }), aJob("done")]);
    await until(async () => (await queue.counts(LANE)).waiting === 0);
    await until(async () => (await queue.peek(LANE, ["done"])).length === 0);

    const found = await queue.peek(LANE, ["runs", "waits", "done", "never"]);

    const running = found.map(({ id, isRunning }) => [id, isRunning]);
    expect(running).to.have.deep.members([
      ["runs", true],
      ["waits", false],
    ]);
    expect(found.find(({ id }) => id === "waits")?.dueAt.getTime()).to.be.greaterThan(0);
    expect(await queue.peek("delivery", ["runs"])).to.deep.equal([]);
    gate.open();
    await queue.idle();
  });

  it("takes a worker that throws before it awaits for one that failed", async () => {
    const queue = await serving(backing(), () => {
      throw new Unrecoverable("at once");
    });

    await queue.add([aJob("a")]);
    await until(async () => (await queue.counts(LANE)).dead === 1);
  });

  it("lets other jobs pass one that waits for its next try", async () => {
    const done: string[] = [];
    const queue = await serving(
      backing(),
      async ({ id }) => {
        if (id === "stuck") throw new RetryLater("busy", MINUTE);
        done.push(id);
      },
      1,
    );

    await queue.add([aJob("stuck"), aJob("next")]);
    await queue.idle();

    expect(done).to.deep.equal(["next"]);
  });
}

function describeWorkers(backing: Backing): void {
  it("never runs more jobs at once than it was told", async () => {
    let running = 0;
    let most = 0;
    const queue = await serving(
      backing(),
      async () => {
        running += 1;
        most = Math.max(most, running);
        await pause(2);
        running -= 1;
      },
      3,
    );

    await queue.add(Array.from({ length: 30 }, (_, i) => aJob(`job/${i}`)));
    await queue.idle();

    expect(most).to.equal(3);
  });

  it("never gives one job to two workers", async () => {
    const runs = new Map<string, number>();
    const run = async ({ id }: RunningJob): Promise<void> => {
      runs.set(id, (runs.get(id) ?? 0) + 1);
      await pause(1);
    };
    const queues = await Promise.all([1, 2, 3].map(() => serving(backing(), run, 5)));

    await queues[0]?.add(Array.from({ length: 300 }, (_, i) => aJob(`job/${i}`)));
    await Promise.all(queues.map((queue) => queue.idle()));

    expect(runs.size).to.equal(300);
    expect([...runs.values()].every((count) => count === 1)).to.equal(true);
  });

  it("takes up what another process adds", async () => {
    const seen: string[] = [];
    const queue = await serving(backing(), async ({ id }) => void seen.push(id));
    await queue.idle();

    await backing()
      .queue()
      .add([aJob("from/elsewhere")]);
    await until(() => seen.length === 1);

    expect(seen).to.deep.equal(["from/elsewhere"]);
  });

  it("keeps a slow queue from delaying another", async () => {
    const gate = aGate();
    const done: string[] = [];
    const queue = backing().queue();
    queue.process("delivery", 1, () => gate.opened);
    queue.process(LANE, 1, async ({ id }) => void done.push(id));
    await queue.start();

    await queue.add([aJob("slow", { queue: "delivery" }), aJob("quick")]);
    await until(() => done.length === 1);
    gate.open();
    await queue.idle();
  });

  it("has one worker for each queue", () => {
    const queue = backing().queue();
    queue.process(LANE, 1, async () => undefined);

    expect(() => queue.process(LANE, 1, async () => undefined)).to.throw(Error);
  });
}

function describeFairness(backing: Backing): void {
  const burst = (city: string, count: number, yieldsMsEach: number): NewJob[] =>
    Array.from({ length: count }, (_, at) =>
      aJob(`${city}/${at}`, { yieldsMs: (at + 1) * yieldsMsEach }),
    );

  it("lets an answer to a few pass a post to thousands that was told before", async () => {
    const order: string[] = [];
    const queue = backing().queue();
    let answered = 0;
    queue.process(LANE, 4, async ({ id }) => {
      order.push(id);
      if (order.length === 10) {
        answered = order.length;
        await queue.add([aJob("small/a"), aJob("small/b"), aJob("small/c")]);
        answered = order.length;
      }
    });
    await queue.add(burst("great", 2_000, 5));

    await queue.start();
    await until(() => order.includes("small/c"));

    const passed = order.slice(answered).filter((id) => id.startsWith("great/"));
    expect(passed.indexOf("great/1999")).to.equal(-1);
    expect(order.indexOf("small/c") - answered).to.be.at.most(40);
    expect(await queue.counts(LANE)).to.include({ delayed: 0 });
  }).timeout(40_000);

  it("takes turns between two bursts, and loses nothing of either", async () => {
    const order: string[] = [];
    const queue = backing().queue();
    queue.process(LANE, 1, async ({ id }) => void order.push(id));
    await queue.add(burst("first", 40, 400));
    await queue.add(burst("second", 40, 400));

    await queue.start();
    await queue.idle();

    expect(new Set(order).size).to.equal(80);
    const half = order.slice(0, 40).filter((id) => id.startsWith("second/")).length;
    expect(half).to.be.within(10, 30);
  }).timeout(20_000);

  it("is busy for as long as a burst lets others pass", async () => {
    const seen: string[] = [];
    const queue = await serving(backing(), async ({ id }) => void seen.push(id));

    await queue.add([aJob("patient", { yieldsMs: MINUTE })]);
    await queue.idle();

    expect(seen).to.deep.equal(["patient"]);
  });
}

function describeClosing(backing: Backing): void {
  it("lets running jobs end before it closes", async () => {
    const gate = aGate();
    let ended = false;
    let begun = false;
    const queue = await serving(backing(), async () => {
      begun = true;
      await gate.opened;
      ended = true;
    });
    await queue.add([aJob("a")]);
    await until(() => begun);

    const closing = queue.close(1_000);
    gate.open();
    await closing;

    expect(ended).to.equal(true);
    expect(await backing().queue().counts(LANE)).to.include({ waiting: 0, running: 0 });
  });

  it("releases what did not end in time to another process, at once", async () => {
    const seen: RunningJob[] = [];
    const first = await serving(backing(), () => new Promise(() => undefined));
    await first.add([aJob("a"), aJob("b")]);
    await until(async () => (await first.counts(LANE)).running === 2);

    await first.close(1);
    const second = await serving(backing(), async (job) => void seen.push(job));
    await until(() => seen.length === 2);
    await second.idle();

    expect(seen.map((job) => job.id)).to.have.members(["a", "b"]);
  });

  it("begins no job once it was told to close, and leaves them to others", async () => {
    const gate = aGate();
    const seen: string[] = [];
    const first = await serving(
      backing(),
      async ({ id }) => {
        seen.push(id);
        await gate.opened;
      },
      1,
    );
    await first.add([aJob("a"), aJob("b")]);
    await until(() => seen.length === 1);

    const closing = first.close(1_000);
    gate.open();
    await closing;

    expect(seen).to.deep.equal(["a"]);
    expect(await backing().queue().counts(LANE)).to.include({ waiting: 1 });
  });
}

function describeCalendar(backing: Backing): void {
  const hourly: Schedule = {
    key: "digests.due",
    cron: "0 * * * *",
    timezone: "UTC",
    job: { queue: LANE, name: "digests.due", data: {}, attempts: 3, backoff: steady },
  };

  it("refuses a calendar with a line that is wrong or never comes", async () => {
    const queue = backing().queue();

    for (const cron of ["* * * * * *", "61 * * * *", "tomorrow", "0 0 30 2 *"]) {
      expect(await refusal(queue.schedule([{ ...hourly, cron }])), cron).to.be.instanceOf(Error);
    }
    const nowhere = { ...hourly, timezone: "Nowhere/Else" };
    expect(await refusal(queue.schedule([nowhere]))).to.be.instanceOf(Error);
  });

  describe("with a clock that the test moves", () => {
    let seen: string[];
    let advance: (ms: number) => Promise<void>;

    beforeEach(function () {
      const mover = backing().advance;
      if (mover === null) return this.skip();
      advance = mover;
      seen = [];
    });

    const scheduled = async (
      schedules: readonly Schedule[],
      keeping: Parameters<Queue["schedule"]>[1] = {},
    ): Promise<Queue> => {
      const queue = await serving(backing(), async ({ id }) => void seen.push(id));
      await queue.schedule(schedules, keeping);
      return queue;
    };
    const keysSeen = (): string[] => seen.map((id) => id.split("/")[0] ?? "").sort();

    it("adds a scheduled job once, however many processes serve", async () => {
      await Promise.all([scheduled([hourly]), scheduled([hourly]), scheduled([hourly])]);
      await pause(10);
      expect(seen).to.deep.equal([]);

      await advance(60 * MINUTE);
      await until(() => seen.length > 0);
      await advance(60 * MINUTE);
      await until(() => seen.length > 1);
      await pause(40);

      expect(seen).to.have.length(2);
      expect(new Set(seen).size).to.equal(2);
      expect(seen[0]).to.match(/^digests\.due\/\d{8}T\d\d0000Z$/);
    });

    it("makes up for missed times by one run", async () => {
      await (await scheduled([hourly])).close();

      await advance(7 * 60 * MINUTE);
      await scheduled([hourly]);
      await until(() => seen.length > 0);
      await pause(40);

      expect(seen).to.have.length(1);
    });

    it("counts a changed line from now, and forgets one that is no longer named", async () => {
      const queue = await scheduled([hourly, { ...hourly, key: "old" }]);

      await queue.schedule([{ ...hourly, cron: "*/5 * * * *" }]);
      await advance(5 * MINUTE);
      await until(() => seen.length > 0);
      await advance(65 * MINUTE);
      await until(() => seen.length > 1);
      await pause(40);

      expect(keysSeen()).to.deep.equal(["digests.due", "digests.due"]);
    });

    it("keeps the calendar of a later release when a process of the one before starts again", async () => {
      await scheduled([hourly, { ...hourly, key: "later" }]);
      const asBefore = [
        { ...hourly, cron: "*/5 * * * *" },
        { ...hourly, key: "old" },
      ];
      await scheduled(asBefore, { onlyAdd: true });

      await advance(60 * MINUTE);
      await until(() => seen.length > 2);
      await pause(40);

      expect(keysSeen()).to.deep.equal(["digests.due", "later", "old"]);
    });

    it("adds nothing for a line that came with another release once none of its processes is left", async () => {
      const later = await scheduled([hourly, { ...hourly, key: "later" }]);
      const queue = await scheduled([hourly], { onlyAdd: true });
      await later.close();

      await advance(60 * MINUTE);
      await queue.idle();
      await advance(60 * MINUTE);
      await queue.idle();

      expect(keysSeen()).to.deep.equal(["digests.due", "digests.due"]);
    });

    it("asks before each line that it would change or forget, and only then", async () => {
      const queue = await scheduled([hourly, { ...hourly, key: "old" }]);
      let asked = 0;
      const onlyAdd = async () => {
        asked += 1;
        return asked === 2;
      };

      await queue.schedule([hourly, { ...hourly, key: "old" }], { onlyAdd });
      expect(asked).to.equal(0);
      await queue.schedule([{ ...hourly, cron: "*/5 * * * *" }], { onlyAdd });
      await queue.schedule([hourly, { ...hourly, key: "old" }], { onlyAdd: true });
      await advance(5 * MINUTE);
      await until(() => seen.length > 0);
      await advance(55 * MINUTE);
      // Shortly before a full hour, the old one comes with the first.
      await until(() => seen.length > 2);

      expect(asked).to.equal(2);
      expect(keysSeen()).to.deep.equal(["digests.due", "digests.due", "old"]);
    });

    it("begins a line of its own anew that a process of another release made it forget", async () => {
      await scheduled([hourly, { ...hourly, key: "later" }]);
      const before = await scheduled([hourly]);
      await before.close();

      await advance(60 * MINUTE);
      await until(() => seen.length > 0);
      await advance(60 * MINUTE);
      const digests = (): number => keysSeen().filter((key) => key === "digests.due").length;
      await until(() => keysSeen().includes("later") && digests() === 2);
      await pause(40);

      expect(digests()).to.equal(2);
    });

    it("keeps the calendar in the time zone of its line", async () => {
      await scheduled([{ ...hourly, cron: "0 7 * * *", timezone: "Asia/Kolkata" }]);

      await advance(24 * 60 * MINUTE);
      await until(() => seen.length > 0);

      expect(seen[0]).to.match(/T013000Z$/);
    });
  });
}
