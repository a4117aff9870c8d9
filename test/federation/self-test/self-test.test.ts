import { expect } from "chai";
import {
  activitiesCollection,
  followersCollection,
  followingCollection,
} from "../../../src/federation/records.js";
import { blocksCollection } from "../../../src/federation/policy/records.js";
import {
  beginTest,
  selfTestsCollection,
  type SelfTest,
  type StepName,
} from "../../../src/federation/self-test/self-test.js";
import type { JobDef } from "../../../src/kit/index.js";
import { aClock } from "../../support/city.js";
import { aPeer, closePeers } from "../support/peer.js";
import { anotherServer, type Manners } from "../support/other-server.js";
import { aTown, closeTowns, laterAll, type Town } from "../support/town.js";

describe("a self-test with another server", function () {
  this.timeout(30_000);
  const closing: Array<() => Promise<void>> = [];
  afterEach(async () => {
    await closeTowns();
    for (const close of closing.splice(0)) await close();
  });

  const hostOf = (origin: string): string => new URL(origin).host;

  async function begin(town: Town, origin: string, account: string | null = null) {
    const { test } = await beginTest(town.visitor, { host: hostOf(origin), origin, account });
    return test;
  }
  async function goOn(town: Town, { _id }: SelfTest, turn = 0): Promise<void> {
    const found = town.federation.feature.jobs.find(({ name }) => name === "federation.self-test");
    const job = found as JobDef<unknown> as JobDef<{ testId: string; turn: number }>;
    await town.visitor.enqueue(job, { testId: _id, turn }, { id: `self-test/${_id}/${turn}` });
  }
  async function read(town: Town, { _id }: SelfTest): Promise<SelfTest> {
    const test = await town.visitor.collection(selfTestsCollection).findOne({ _id });
    if (test === null) throw new Error("the test is gone");
    return test;
  }
  async function finish(test: SelfTest, town: Town, ...others: Town[]): Promise<SelfTest> {
    for (let second = 0; second < 70; second += 1) {
      const now = await read(town, test);
      if (now.endedAt !== null) return now;
      await new Promise((resolve) => setTimeout(resolve, 5));
      await laterAll(second < 5 ? 1_000 : 15_000, town, ...others);
    }
    throw new Error("the test does not end");
  }
  async function tryWith(manners: Manners, account: string | null = null) {
    // Only who never gets an answer is not to wait long for it.
    const timing = manners.silent === undefined ? {} : { testMs: 2_000 };
    const town = await aTown({ clock: aClock(new Date()), timing });
    const server = await anotherServer(manners);
    closing.push(() => server.close());
    const named = account === null ? null : `${account}@${server.host}`;
    const begun = await begin(town, server.origin, named);
    await goOn(town, begun);
    return { town, server, test: await finish(begun, town) };
  }
  const of = ({ steps }: SelfTest, name: StepName): string => {
    const step = steps.find((one) => one.name === name);
    return step?.cause == null ? (step?.state ?? "") : `${step.state} ${step.cause}`;
  };
  const types = (inboxed: ReadonlyArray<Record<string, unknown>>) =>
    inboxed.map(({ type }) => type);

  describe("of this software", () => {
    it("follows, is accepted, delivers and gets a reply, and leaves nothing behind", async () => {
      const clock = aClock(new Date());
      const [town, other] = [await aTown({ clock }), await aTown({ clock })];
      const begun = await begin(town, other.origin);
      await goOn(town, begun);

      const test = await finish(begun, town, other);

      const states = new Set(test.steps.map(({ state }) => state));
      expect([...states], JSON.stringify(test.steps)).to.deep.equal(["ok"]);
      expect(test.steps.find(({ name }) => name === "software")?.detail).to.contain("parvis");
      for (const one of [town, other]) {
        expect(await one.visitor.collection(followingCollection).countDocuments({})).to.equal(0);
        expect(await one.visitor.collection(followersCollection).countDocuments({})).to.equal(0);
        const kept = await one.visitor.collection(activitiesCollection).find({}).toArray();
        expect(kept.filter(({ listed, expiresAt }) => listed || expiresAt === null)).to.have.length(
          0,
        );
      }
    });

    it("goes on where it was cut off, and runs once at a time for each server", async () => {
      const clock = aClock(new Date());
      const [town, other] = [await aTown({ clock }), await aTown({ clock })];
      const begun = await begin(town, other.origin);
      expect((await begin(town, other.origin))._id).to.equal(begun._id);
      await Promise.all([goOn(town, begun), goOn(town, begun, 1)]);
      await finish(begun, town, other);

      const rows = town.visitor.collection(selfTestsCollection);
      const kept = await read(town, begun);
      const cut = kept.steps.map((step, at) =>
        at < 9 ? step : { ...step, state: "waiting" as const },
      );
      const change = { steps: cut, endedAt: null, busy: kept.host };
      await rows.updateOne({ _id: begun._id }, { $set: change });
      await goOn(town, begun, 50);
      const again = await finish(begun, town, other);

      expect(of(again, "ourselves")).to.equal("ok");
      expect(again.endedAt).to.be.instanceOf(Date);
      expect((await begin(town, other.origin))._id).to.not.equal(begun._id);
    });

    it("keeps the ten newest, and none for longer than thirty days", async () => {
      const town = await aTown();
      const rows = town.visitor.collection(selfTestsCollection);
      for (let i = 0; i < 14; i += 1) {
        const test = await begin(town, `http://h${i}.example`);
        await rows.updateOne({ _id: test._id }, { $set: { endedAt: new Date(), busy: null } });
        town.clock.advance(1_000);
      }

      expect(await rows.countDocuments({})).to.be.at.most(11);
      const [one] = await rows.find({}, { limit: 1 }).toArray();
      const days = (Number(one?.expiresAt) - Number(one?.startedAt)) / 86_400_000;
      expect(days).to.equal(30);
    });
  });

  describe("of another kind", () => {
    it("proves both ways by the refusal that Mastodon's own actor gives to every Follow", async () => {
      const { test, server } = await tryWith({ answers: "Reject" });

      expect(of(test, "answer")).to.equal("ok");
      expect(of(test, "deliver")).to.equal("ok");
      expect(of(test, "reply")).to.equal("unproven by-people");
      expect(types(server.inboxed)).to.deep.equal(["Follow", "Undo", "Undo"]);
      expect(test.steps.some(({ state }) => state === "failed")).to.equal(false);
    });

    it("writes to a person only when one was named, to them alone, and deletes it", async () => {
      const { test, server } = await tryWith({ answers: "Accept" }, "zoe");

      expect(of(test, "deliver")).to.equal("ok");
      expect(types(server.inboxed)).to.deep.equal(["Follow", "Create", "Delete", "Undo"]);
      const note = server.inboxed[1]?.["object"] as Record<string, unknown>;
      expect(note["to"]).to.deep.equal([`${server.origin}/actor`]);
      expect(JSON.stringify(server.inboxed)).to.not.contain("Public");
    });

    it("takes it for no fault that an actor is shown to signed requests alone", async () => {
      const { test } = await tryWith({ guarded: true });

      expect(of(test, "unsigned")).to.equal("ok");
      expect(of(test, "actor")).to.equal("ok");
    });
  });

  describe("says where it breaks, and tries nothing that depends on it", () => {
    const broken: ReadonlyArray<readonly [string, Manners, StepName, string, StepName]> = [
      ["a wrong clock", { skewMs: 3 * 3_600_000 }, "clock", "failed clock", "tidy"],
      ["a clock that is a little off", { skewMs: -600_000 }, "clock", "warned clock", "tidy"],
      ["a refused signature", { inboxStatus: 401 }, "follow", "failed signature", "answer"],
      ["a block", { inboxStatus: 403 }, "follow", "failed forbidden", "answer"],
      ["a breakdown", { inboxStatus: 503 }, "follow", "failed down", "answer"],
      ["no answer to a Follow", { answers: "nothing" }, "answer", "failed no-answer", "tidy"],
      ["redirects without end", { circles: "/actor" }, "actor", "failed redirects", "follow"],
      [
        "an actor that says it is another",
        { change: { id: "https://evil.example/actor" } },
        ...(["actor", "failed identity", "follow"] as const),
      ],
      ["a server that never answers", { silent: "/actor" }, "actor", "failed timeout", "follow"],
      ["another media type", { actorType: "text/html" }, "actor", "failed type", "follow"],
      ["a key of somebody else", { change: { publicKey: null } }, "key", "failed no-key", "tidy"],
      ["no actor", { change: { inbox: null } }, "actor", "failed no-actor", "follow"],
    ];
    for (const [what, manners, step, expected, after] of broken) {
      it(`such as at ${what}`, async () => {
        const { test, town } = await tryWith(manners);

        expect(of(test, step), JSON.stringify(test.steps)).to.equal(expected);
        expect(of(test, after)).to.equal(after === "tidy" ? "ok" : "skipped");
        const following = town.visitor.collection(followingCollection);
        if (after === "tidy") expect(await following.countDocuments({})).to.equal(0);
      });
    }

    it("such as at a server that nobody hears of", async () => {
      const town = await aTown({ clock: aClock(new Date()) });
      const begun = await begin(town, "http://127.0.0.1:9");
      await goOn(town, begun);
      const test = await finish(begun, town);

      expect(of(test, "reach")).to.equal("failed closed");
      expect(of(test, "webfinger")).to.equal("skipped");
      expect(of(test, "ourselves")).to.equal("ok");
    });

    it("such as at our own block", async () => {
      const town = await aTown({ clock: aClock(new Date()) });
      const server = await anotherServer();
      closing.push(() => server.close());
      const row = { _id: "b", who: server.host, at: town.clock.now() };
      await town.visitor.collection(blocksCollection).insertOne(row);
      const begun = await begin(town, server.origin);
      await goOn(town, begun);

      expect(of(await finish(begun, town), "reach")).to.equal("failed blocked");
      expect(server.inboxed).to.deep.equal([]);
    });
  });

  it("answers no host more than twenty times an hour, and no reply at all", async () => {
    const town = await aTown({ clock: aClock(new Date()) });
    const peer = await aPeer();
    closing.push(closePeers);
    const sender = await peer.actor("instance");
    const to = [`${town.origin}/actor/instance`];
    const say = async (change: object): Promise<void> => {
      const note = peer.note(sender, { to, civic: { kind: "test" }, ...change });
      await peer.post(town, sender, peer.activity(sender, "Create", note, { to }));
    };
    await say({ inReplyTo: `${town.origin}/actor/instance/tests/nothing` });
    await say({ to: [...to, "https://www.w3.org/ns/activitystreams#Public"] });
    await say({ to: [`${peer.origin}/users/instance`] });
    await laterAll(1_000, town);
    expect(peer.inboxed("Create")).to.have.length(0);

    for (let i = 0; i < 23; i += 1) await say({});
    await laterAll(1_000, town);

    expect(peer.inboxed("Create")).to.have.length(20);
    const [reply] = peer.inboxed("Create");
    expect(reply?.["to"]).to.deep.equal([sender.uri]);
  });
});
