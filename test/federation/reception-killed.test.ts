import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { inboxCollection } from "../../src/federation/records.js";
import { builtChild } from "../support/built.js";
import { embeddedOnly } from "../support/engine.js";
import type { Step } from "./support/deadly.js";
import { killable, type Killable } from "./support/killable.js";
import { closePeers, type PeerActor } from "./support/peer.js";
import { groundOf, stories, type Ground, type Story, type Telling } from "./support/stories.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const minutes = 60_000;
/** A few steps each, so that a busy machine is seen to go on. */
const parts = 10;

/** What no reception does without; the other steps depend on what is received, and in which order. */
const always: readonly Step[] = [
  ...["inboxEntries.insertOne", "queue_jobs.insertMany", "inboxEntries.updateMany"],
  ...["queue_jobs.updateMany", "inboxEntries.updateOne", "queue_jobs.deleteMany"],
  ...["intents.insertOne", "intents.deleteOne", "activities.insertOne"],
];

/** Somebody's story, and whether it was told. */
interface Told {
  readonly story: Story;
  readonly actor: PeerActor;
  readonly telling: Telling;
  status: number | null;
}

describe("a city whose process is killed after each kind of write while it receives", function () {
  this.timeout(110_000);
  embeddedOnly("its deaths lie at the writes of the embedded queue");
  const folder = mkdtempSync(join(tmpdir(), "parvis-reception-"));
  const file = join(folder, "store.db");
  const started = new Set<Killable>();
  const killed = new Set<Step>();
  let program: string;
  let town: Town;
  let ground: Ground;
  let process: Killable;
  let steps: ReadonlyArray<readonly [Step, number]>;

  before(async () => {
    program = await builtChild(new URL("./killed.child.ts", import.meta.url));
    town = await aTown({ asleep: true, kept: { file } });
    ground = await groundOf(town);
    process = await again();
    await process.ask({ ms: 10 * minutes });
  });
  after(async () => {
    for (const one of started) await one.kill();
    await closeTowns();
    await closePeers();
    rmSync(folder, { recursive: true, force: true });
  });

  const again = (): Promise<Killable> => killable({ program, town, file, started });

  const send = ({ by, activity }: Telling): Promise<number | null> => {
    const from = by === ground.hall ? ground.linked : ground.peer;
    return process.post(from.signed(town, by, activity));
  };

  let people = 0;
  /** Somebody new for each story, with all that comes before it. */
  async function begin(): Promise<Told[]> {
    const all: Told[] = [];
    const earlier: Telling[][] = [];
    for (const story of stories) {
      people += 1;
      const actor = await ground.peer.actor(`n${people}`);
      earlier.push([...((await story.before?.(ground, actor)) ?? [])]);
      all.push({ story, actor, telling: story.activity(ground, actor), status: null });
    }
    for (let at = 0; earlier.some((list) => at < list.length); at += 1) {
      const now = earlier.flatMap((list) => list.slice(at, at + 1));
      expect(await Promise.all(now.map(send))).to.deep.equal(now.map(() => 202));
      await process.ask("settle");
    }
    return all;
  }

  async function tellAll(all: readonly Told[]): Promise<void> {
    await Promise.all(all.map(async (one) => (one.status = await send(one.telling))));
  }

  /** As senders and the clock go on: what was not taken is sent again, what was left is swept. */
  async function recover(all: readonly Told[]): Promise<void> {
    town.clock.advance(10 * minutes);
    process = await again();
    for (const one of all.filter(({ status }) => status !== 202)) {
      expect(await send(one.telling), one.story.promise).to.equal(202);
    }
    for (let round = 0; round < 2; round += 1) {
      await process.ask({ ms: 10 * minutes });
      town.clock.advance(10 * minutes);
    }
  }

  async function expectOneEffectOf(all: readonly Told[], step: Step): Promise<void> {
    for (const { story, actor } of all) {
      const outcome = await story.outcome(ground, actor);
      expect(outcome, `killed after ${step}: ${story.promise}`).to.deep.equal(story.expected);
    }
    const left = { state: { $in: ["waiting" as const, "handed" as const] } };
    const rows = town.visitor.collection(inboxCollection);
    expect(await rows.countDocuments(left), step).to.equal(0);
  }

  it("does all that it is told, and shows the kinds of its writes", async () => {
    // What is only written at a first contact is no step of every reception.
    await tellAll(await begin());
    await process.ask("settle");
    const all = await begin();
    await process.ask("forget");
    await tellAll(all);
    await process.ask("settle");

    await expectOneEffectOf(all, "nothing");
    const counts = Object.entries((await process.ask("counts")) as Record<Step, number>);
    steps = counts.filter(([step]) => !step.startsWith("queue_schedules."));
    expect(steps.length).to.be.greaterThan(20);
  });

  for (let part = 0; part < parts; part += 1) {
    it(`has one effect of each thing, wherever it is killed (${part + 1} of ${parts})`, async () => {
      for (const [step, count] of steps.filter((_, at) => at % parts === part)) {
        const all = await begin();
        await process.ask({ arm: { step, nth: count > 20 ? 3 : 1, when: "after" } });
        await tellAll(all);
        await process.ask("settle");
        if (process.isDead) killed.add(step);
        await process.kill();
        await recover(all);
        await expectOneEffectOf(all, step);
      }
    });
  }

  it("was killed at each step that every reception takes, and at most others", () => {
    expect([...killed]).to.include.members(always);
    expect(killed.size).to.be.greaterThan(20);
  });
});
