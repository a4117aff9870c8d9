import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { inboxCollection } from "../../src/federation/records.js";
import { aMortal, type Mortal } from "./support/mortal.js";
import { closePeers } from "./support/peer.js";
import { groundOf, stories, type Ground, type Story, type Telling } from "./support/stories.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const minutes = 60_000;

describe("a city that is cut off after any of its writes while it receives", function () {
  this.timeout(110_000);
  let mortal: Mortal;
  let town: Town;
  let ground: Ground;

  beforeEach(async () => {
    mortal = aMortal();
    town = await aTown({ storeThrough: mortal.through });
    ground = await groundOf(town);
    await town.settle();
  });
  afterEach(async () => {
    mortal.revive();
    await closeTowns();
    await closePeers();
  });

  const tell = async ({ by, activity }: Telling): Promise<number> => {
    const from = by === ground.hall ? ground.linked : ground.peer;
    return (await from.post(town, by, activity)).status;
  };

  /** As a sender and the clock go on: what was not taken is sent again, what was left is swept. */
  async function recover(send: () => Promise<number>, first: number): Promise<void> {
    mortal.revive();
    if (first !== 202) expect(await send()).to.equal(202);
    for (let round = 0; round < 3; round += 1) {
      town.clock.advance(10 * minutes);
      await town.outbox.sweep(minutes);
      await town.settle();
    }
  }

  async function untilDeadOrDone(): Promise<void> {
    let done = false;
    town.settle().then(
      () => (done = true),
      () => (done = true),
    );
    while (!done && !mortal.isDead) await pause(2);
    if (mortal.isDead) await pause(5);
  }

  /** Cut off after the first write, then after the second with somebody new, until it gets through. */
  async function cutOffEverywhere(story: Story): Promise<void> {
    for (let nth = 1; ; nth += 1) {
      const actor = await ground.peer.actor(`n${nth}`);
      for (const telling of (await story.before?.(ground, actor)) ?? []) {
        expect(await tell(telling)).to.equal(202);
        await town.settle();
      }
      const telling = story.activity(ground, actor);
      const send = (): Promise<number> => tell(telling);

      mortal.arm(nth);
      const status = await send();
      await untilDeadOrDone();
      const died = mortal.isDead;
      await recover(send, status);

      const outcome = await story.outcome(ground, actor);
      expect(outcome, `cut off after write ${nth}`).to.deep.equal(story.expected);
      const left = { state: { $in: ["waiting" as const, "handed" as const] } };
      expect(await town.visitor.collection(inboxCollection).countDocuments(left)).to.equal(0);
      if (died) continue;
      expect(nth, "writes that were tried").to.be.greaterThan(5);
      return;
    }
  }

  for (const story of stories) it(story.promise, () => cutOffEverywhere(story));
});
