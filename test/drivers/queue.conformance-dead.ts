import { expect } from "chai";
import type { Queue } from "../../src/drivers/queue/queue.js";
import {
  aGate,
  aJob,
  LANE,
  serving,
  until,
  type QueueBacking,
} from "./queue.conformance-support.js";

/** What an operator may count on about the jobs that used up their tries. */
export function describeDead(backing: () => QueueBacking): void {
  /** A queue whose jobs fail at their only try for as long as nobody mends it. */
  async function failing(): Promise<{ queue: Queue; runs: string[]; mend(): void }> {
    const runs: string[] = [];
    let fails = true;
    const queue = await serving(backing(), async ({ id }) => {
      runs.push(id);
      if (fails) throw new Error("no answer from https://a:b@peer.example/inbox?token=secret");
    });
    const mend = (): void => {
      fails = false;
    };
    return { queue, runs, mend };
  }

  async function buried(queue: Queue, ...jobs: ReadonlyArray<ReturnType<typeof aJob>>) {
    const before = (await queue.counts(LANE)).dead;
    await queue.add(jobs);
    await until(async () => (await queue.counts(LANE)).dead === before + jobs.length);
    await queue.idle();
  }

  const once = (id: string, change: Parameters<typeof aJob>[1] = {}) =>
    aJob(id, { attempts: 1, ...change });

  it("keeps of a dead job what its operator needs, and nothing secret", async () => {
    const { queue } = await failing();

    await buried(queue, once("a", { data: { town: "valmont" } }));

    const [one] = await queue.dead(LANE, 10);
    expect(one).to.deep.include({ id: "a", name: "greet", tries: 1, owner: "valmont" });
    expect(one?.data).to.deep.equal({ town: "valmont" });
    expect(one?.error).to.equal("no answer from https://peer.example/inbox?…");
    expect(one?.diedAt).to.be.instanceOf(Date);
  });

  it("shows them a page at a time, none twice and none left out", async () => {
    const { queue } = await failing();
    const ids = ["a", "b", "c", "d", "e"];
    await buried(queue, ...ids.map((id) => once(id)));

    const seen: string[] = [];
    for (let page = await queue.dead(LANE, 2); page.length > 0;) {
      seen.push(...page.map(({ id }) => id));
      const after = page.at(-1)!;
      page = await queue.dead(LANE, 2, { after });
    }

    expect(seen).to.have.members(ids);
    expect(seen).to.have.length(ids.length);
  });

  it("tells them apart by kind and by whose they are", async () => {
    const { queue } = await failing();
    await buried(
      queue,
      once("a", { name: "greet", data: { town: "valmont" } }),
      once("b", { name: "greet", data: { town: "roche" } }),
      once("c", { name: "deliver", data: { town: "roche" } }),
    );
    const idsOf = async (wish: Parameters<Queue["dead"]>[2]): Promise<string[]> =>
      (await queue.dead(LANE, 10, wish)).map(({ id }) => id).sort();

    expect(await queue.deadKinds(LANE)).to.deep.equal([
      { name: "greet", count: 2 },
      { name: "deliver", count: 1 },
    ]);
    expect(await queue.countDead(LANE, "roche")).to.equal(2);
    expect(await queue.countDead(LANE, "nowhere")).to.equal(0);
    expect(await idsOf({ name: "greet" })).to.deep.equal(["a", "b"]);
    expect(await idsOf({ owner: "roche" })).to.deep.equal(["b", "c"]);
    expect(await idsOf({ owner: "roche", name: "greet" })).to.deep.equal(["b"]);
  });

  it("runs one that is revived with all its tries, and forgets that it died", async () => {
    const { queue, runs, mend } = await failing();
    await buried(queue, once("a"), once("b"));
    mend();

    expect(await queue.drop(LANE, ["b"])).to.equal(1);
    expect(await queue.revive(LANE, ["a", "b", "never"])).to.equal(1);
    await until(() => runs.length === 3);
    await queue.idle();

    expect(runs.at(-1)).to.equal("a");
    expect(await queue.dead(LANE, 10)).to.deep.equal([]);
  });

  it("runs once what several operators revive at the same time", async () => {
    const { queue, runs, mend } = await failing();
    await buried(queue, once("a"));
    mend();
    const others = [queue, backing().queue(), backing().queue(), backing().queue()];

    const revived = await Promise.all(others.map((one) => one.revive(LANE, ["a"])));
    await until(() => runs.length > 1);
    await queue.idle();

    expect(revived.reduce((sum, one) => sum + one, 0)).to.equal(1);
    expect(runs).to.deep.equal(["a", "a"]);
    expect((await queue.counts(LANE)).dead).to.equal(0);
  });

  it("leaves dead what was added anew and runs meanwhile", async () => {
    const gate = aGate();
    const begun: string[] = [];
    let fails = true;
    const queue = await serving(backing(), async ({ id }) => {
      begun.push(id);
      if (fails) throw new Error("no");
      await gate.opened;
    });
    await buried(queue, once("a"));
    fails = false;
    await queue.add([once("a")]);
    await until(() => begun.length === 2);

    expect(await queue.revive(LANE, ["a"])).to.equal(0);
    gate.open();
    await queue.idle();

    expect(begun).to.have.length(2);
  });
}
