import { expect } from "chai";
import { decisionsCollection } from "../../../src/features/moderation/decisions.js";
import { ruleOnAlike, ruleOnSupport } from "../../../src/features/moderation/ruling-on-supports.js";
import { personErased } from "../../../src/features/people/people.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { listHeldSupports, takeSupport } from "../../../src/features/supports/held.js";
import {
  latestRefused,
  refusedSupportsCollection,
} from "../../../src/features/supports/refused.js";
import {
  receiveSupport,
  receiveSupportTakenBack,
  supportsCollection,
} from "../../../src/features/supports/supports.js";
import { closeCities } from "../../support/city.js";
import { between } from "../../support/faults.js";
import { aBench, aRemote } from "../moderation/support.js";

const limitedHost = "social.example";
const limited = { isAutomated: false, limitedHost, site: null };

/** One support that waits, and a place between looking for a support and writing it. */
async function aHeldSupport() {
  const adding = between("supports", "insertOne");
  const ending = between("supports", "deleteOne");
  const bench = await aBench({ storeThrough: (store) => ending.through(adding.through(store)) });
  const { visitor } = bench.city;
  const personId = (await aRemote(visitor, "ana"))._id;
  const support = { proposalId: bench.proposal._id, personId };
  await receiveSupport(visitor, support, limited);
  const [row] = await listHeldSupports(visitor, 1);
  const id = row?._id ?? "";
  const state = async () => [
    (await proposalById(visitor, support.proposalId))?.counts.supports,
    await visitor.collection(supportsCollection).countDocuments(support),
    (await listHeldSupports(visitor, 9)).length,
    (await latestRefused(visitor, 9)).length,
  ];
  return { ...bench, adding, ending, visitor, support, id, state };
}

const counts = [1, 1, 0, 0];
const none = [0, 0, 0, 0];
const nothing = () => Promise.resolve();

describe("a support that a moderator has count", () => {
  afterEach(closeCities);

  it("counts once when two moderators take it at the same moment", async () => {
    const { visitor, id, state } = await aHeldSupport();

    await takeSupport(visitor, id, () => takeSupport(visitor, id, nothing));

    expect(await state()).to.deep.equal(counts);
  });

  it("counts once when both were about to write it", async () => {
    const { visitor, id, adding, state } = await aHeldSupport();
    adding.once(() => takeSupport(visitor, id, nothing));

    await takeSupport(visitor, id, nothing);

    expect([adding.happened, await state()]).to.deep.equal([1, counts]);
  });

  it("counts once, on the record once, when “all of them” is pressed twice", async () => {
    const { city, visitor, moderator, id, support, state } = await aHeldSupport();
    const many = { why: "many-new", host: limitedHost } as const;
    await visitor.collection(refusedSupportsCollection).updateOne({ _id: id }, { $set: many });

    await ruleOnAlike(moderator, id, "take");
    await ruleOnAlike(moderator, id, "take");
    await city.settle();

    expect(await state()).to.deep.equal(counts);
    const about = { subject: { kind: "proposal", id: support.proposalId } } as const;
    expect(await visitor.collection(decisionsCollection).countDocuments(about)).to.equal(1);
  });

  it("does not count when its person takes it back meanwhile", async () => {
    const { visitor, id, support, adding, state } = await aHeldSupport();
    adding.once(() => receiveSupportTakenBack(visitor, support));

    await takeSupport(visitor, id, nothing);

    expect([adding.happened, await state()]).to.deep.equal([1, none]);
  });

  it("does not come back when it was taken back after one moderator, before a slower one", async () => {
    const { visitor, id, support, adding, state } = await aHeldSupport();
    adding.once(async () => {
      await takeSupport(visitor, id, nothing);
      await receiveSupportTakenBack(visitor, support);
    });

    await takeSupport(visitor, id, nothing);

    expect([adding.happened, await state()]).to.deep.equal([1, none]);
  });

  it("counts when its person presses again meanwhile, or takes it back and presses again", async () => {
    for (const takesBack of [false, true]) {
      const { visitor, id, support, state } = await aHeldSupport();
      await takeSupport(visitor, id, async () => {
        if (takesBack) await receiveSupportTakenBack(visitor, support);
        expect(await receiveSupport(visitor, support)).to.equal(null);
      });
      expect(await state()).to.deep.equal(counts);
    }
  });

  it("counts when it was taken back meanwhile and is given once more just before it ends", async () => {
    const { visitor, id, support, adding, ending, state } = await aHeldSupport();
    adding.once(() => receiveSupportTakenBack(visitor, support));
    ending.once(async () => {
      expect(await receiveSupport(visitor, support)).to.equal(null);
    });

    await takeSupport(visitor, id, nothing);

    expect([ending.happened, await state()]).to.deep.equal([1, counts]);
  });

  it("waits anew when it was taken back later and is pressed again", async () => {
    const { visitor, moderator, id, support, state } = await aHeldSupport();
    await ruleOnSupport(moderator, id, "take");
    await receiveSupportTakenBack(visitor, support);
    expect(await state()).to.deep.equal(none);

    expect(await receiveSupport(visitor, support, limited)).to.equal("limited-host");
    expect(await state()).to.deep.equal([0, 0, 1, 1]);
  });

  it("does not outlive its person’s account that ends meanwhile", async () => {
    const { city, visitor, id, support, adding, state } = await aHeldSupport();
    const { personId } = support;
    adding.once(async () => {
      await visitor.commit(personErased, { personId }, nothing);
      await city.settle();
    });

    await takeSupport(visitor, id, nothing);

    expect([adding.happened, await state()]).to.deep.equal([1, none]);
  });
});
