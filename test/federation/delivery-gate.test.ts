import { expect } from "chai";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { createGate } from "../../src/federation/delivery/gate.js";
import { followersCollection } from "../../src/federation/records.js";
import { Postpone } from "../../src/kit/index.js";
import { aGate, until } from "../drivers/queue.conformance.js";
import { aDraft } from "../support/builders.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns } from "./support/town.js";

const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

const slowMs = 1_000;

describe("deliveries to servers that are slow", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("let those to others pass, and lose none of their tries", async () => {
    const town = await aTown({ timing: { slowMs } });
    const [slow, well] = [await aPeer(), await aPeer()];
    const host = new URL(slow.origin).host;
    for (let n = 0; n < 30; n += 1) {
      const uri = `${slow.origin}/users/s${n}`;
      await town.visitor.collection(followersCollection).insertOne({
        ...{ _id: `s${n}`, actorUri: `${town.origin}/actor`, followerUri: uri, host },
        ...{ target: `${uri}/inbox`, linked: false, followUri: `${uri}/f`, at: town.clock.now() },
      });
    }
    await followed(town, well, "w");
    slow.received.length = 0;
    const gate = aGate();
    slow.hold = gate.opened;
    await publishProposal(await town.newcomer(), aDraft());
    // It has not answered yet.
    await until(() => slow.inboxed().length === 1);
    well.received.length = 0;

    await publishProposal(await town.newcomer(), aDraft({ title: "Une seconde idée" }));
    await until(() => well.inboxed("Announce").length > 0);

    // A request that nobody answers is given up after ten seconds: on a busy machine another one may follow.
    expect(slow.inboxed().length).to.be.within(1, 2);
    gate.open();
    slow.hold = null;
    for (let round = 0; round < 8; round += 1) {
      await town.settle();
      town.clock.advance(60_000);
    }
    const ids = slow.inboxed("Announce").map(({ id }) => String(id));
    expect(ids).to.have.length(60);
    expect(new Set(ids).size).to.equal(2);
  });

  it("are four at once to one that is quick, the others in turn", async () => {
    const gate = createGate({ slowMs, strangersTogether: 32, now: () => 0 });
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 3));
      running -= 1;
    };

    await Promise.all(Array.from({ length: 20 }, () => gate.through("a.example", work)));

    expect(most).to.equal(4);
  });

  it("are one at once to one that is known to be slow, and eight to all of them", async () => {
    const time = { now: 0 };
    const gate = createGate({ slowMs, strangersTogether: 32, now: () => time.now });
    const hosts = Array.from({ length: 10 }, (_, n) => `slow${n}.example`);
    for (const host of hosts) await gate.through(host, async () => void (time.now += 5_000));
    const held = aGate();
    const first = hosts.slice(0, 8).map((host) => gate.through(host, () => held.opened));

    const second = await refusal(gate.through("slow0.example", async () => undefined));
    const third = await refusal(gate.through("slow0.example", async () => undefined));
    const ninth = await refusal(gate.through("slow8.example", async () => undefined));

    expect(second).to.be.instanceOf(Postpone);
    expect((third as Postpone).delayMs).to.be.greaterThan((second as Postpone).delayMs);
    expect(ninth).to.be.instanceOf(Postpone);
    await gate.through("quick.example", async () => undefined);
    held.open();
    await Promise.all(first);
    await gate.through("slow8.example", async () => undefined);
  });

  it("hold no more places than strangers have, however many names somebody has, and let known hosts pass", async () => {
    const time = { now: 0 };
    const gate = createGate({ slowMs, strangersTogether: 4, now: () => time.now });
    await gate.through("known.example", async () => void (time.now += 10));
    const held = aGate();
    let inside = 0;
    const silent = (n: number): Promise<unknown> =>
      refusal(
        gate.through(`n${n}.evil.example`, async () => {
          inside += 1;
          await held.opened;
        }),
      );
    const first = [0, 1, 2, 3].map(silent);

    const later = await Promise.all([4, 5, 6].map(silent));
    time.now += slowMs + 1;
    const stillLater = await silent(7);

    expect(inside).to.equal(4);
    const waits = [...later, stillLater].map((error) => (error as Postpone).delayMs);
    expect([...later, stillLater].every((error) => error instanceof Postpone)).to.equal(true);
    expect(waits.slice(0, 3)).to.deep.equal([...waits.slice(0, 3)].sort((a, b) => a - b));
    await gate.through("known.example", async () => undefined);
    held.open();
    await Promise.all(first);
    await gate.through("new.example", async () => undefined);
  });

  it("counts among the slow a host that was quick before, once it is silent", async () => {
    const time = { now: 0 };
    const gate = createGate({ slowMs, slowTogether: 2, strangersTogether: 4, now: () => time.now });
    const hosts = ["a.example", "b.example", "c.example"];
    for (const host of hosts) await gate.through(host, async () => void (time.now += 10));
    await gate.through("slow.example", async () => void (time.now += 5_000));
    const held = aGate();
    const under = hosts.map((host) => gate.through(host, () => held.opened));
    time.now += slowMs + 1;

    expect(await refusal(gate.through("slow.example", async () => undefined))).to.be.instanceOf(
      Postpone,
    );
    held.open();
    await Promise.all(under);
    await gate.through("slow.example", async () => undefined);
  });

  it("are many again to one that is quick again", async () => {
    const time = { now: 0 };
    const gate = createGate({ slowMs, strangersTogether: 32, now: () => time.now });
    await gate.through("a.example", async () => void (time.now += 5_000));
    await gate.through("a.example", async () => void (time.now += 10));
    const held = aGate();

    const four = Array.from({ length: 4 }, () => gate.through("a.example", () => held.opened));
    held.open();

    expect(await Promise.all(four)).to.have.length(4);
  });
});
