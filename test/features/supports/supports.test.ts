import { expect } from "chai";
import type { Collection, Row, Store } from "../../../src/drivers/store/collection.js";
import {
  consentToNetwork,
  leaveNetwork,
  receivePerson,
} from "../../../src/features/people/people.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import {
  receiveProposal,
  receiveProposalUpdate,
} from "../../../src/features/proposals/receiving.js";
import {
  giveSupport,
  receiveSupport,
  receiveSupportTakenBack,
  supportedAmong,
  supportersOf,
  supportsCollection,
  takeBackSupport,
} from "../../../src/features/supports/supports.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aProposal, aReceivedProposal, expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";

async function countsOf(ctx: Ctx, id: string) {
  return (await proposalById(ctx, id))?.counts;
}

/** A store in which the next change of `name` that `isHit` dies before it is written. */
function dyingAt(name: string, isHit: (update: object) => boolean) {
  let alive = true;
  return (store: Store): Store => ({
    ...store,
    collection: <T extends Row>(wanted: string): Collection<T> => {
      const inner = store.collection<T>(wanted);
      if (wanted !== name) return inner;
      const updateOne: Collection<T>["updateOne"] = (filter, update, options) => {
        if (!alive || !isHit(update)) return inner.updateOne(filter, update, options);
        alive = false;
        return Promise.reject(new Error("the power went out"));
      };
      return new Proxy(inner, {
        get: (target, key) =>
          key === "updateOne" ? updateOne : (Reflect.get(target, key) as unknown),
      });
    },
  });
}

describe("supporting a proposal", () => {
  afterEach(closeCities);

  it("counts one person once, even when they press twenty times at once", async () => {
    const city = await aCity();
    const proposal = await aProposal(await city.newcomer());
    const neighbour = await city.newcomer();

    await Promise.all(Array.from({ length: 20 }, () => giveSupport(neighbour, proposal)));

    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(1);
    await city.later(10_000);
    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(1);
    const rows = city.visitor.collection(supportsCollection);
    expect(await rows.countDocuments({ proposalId: proposal._id })).to.equal(1);
  });

  it("is taken back once, even when that is pressed twenty times at once", async () => {
    const city = await aCity();
    const proposal = await aProposal(await city.newcomer());
    const neighbour = await city.newcomer();
    await giveSupport(neighbour, proposal);

    await Promise.all(Array.from({ length: 20 }, () => takeBackSupport(neighbour, proposal)));

    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(0);
  });

  it("tells here from elsewhere, and counts a like that is told twice once", async () => {
    const city = await aCity();
    const proposal = await aProposal(await city.newcomer());
    const remote = await receivePerson(city.visitor, {
      ...{ uri: "https://social.example/users/ana", name: "Ana", handle: "ana@social.example" },
      ...{ url: "https://social.example/@ana", host: "social.example", about: "" },
    });
    const like = { proposalId: proposal._id, personId: remote._id };
    await giveSupport(await city.newcomer(), proposal);

    await receiveSupport(city.visitor, like);
    await receiveSupport(city.visitor, like);

    const counts = await countsOf(city.visitor, proposal._id);
    expect(counts).to.deep.include({ supportsHere: 1, supportsElsewhere: 1, supports: 2 });
    await receiveSupportTakenBack(city.visitor, like);
    await receiveSupportTakenBack(city.visitor, like);
    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(1);
  });

  it("is counted right again after a crash between the support and its count", async () => {
    const city = await aCity({
      storeThrough: dyingAt("proposals", (update) => "$inc" in update),
    });
    const proposal = await aProposal(await city.newcomer());

    const press = giveSupport(await city.newcomer(), proposal);

    await press.then(
      () => expect.fail("the crash was survived"),
      (error: Error) => expect(error.message).to.equal("the power went out"),
    );
    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(0);
    city.clock.advance(60_000);
    await city.outbox.sweep(30_000);
    await city.later(10_000);
    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(1);
  });

  it("asks visitors to sign in, and a presser of buttons to slow down", async () => {
    const city = await aCity();
    const proposal = await aProposal(await city.newcomer());
    await expectRefusal(giveSupport(city.visitor, proposal), "not-signed-in");
    const restless = await city.newcomer();
    for (let n = 0; n < 60; n++) {
      await giveSupport(restless, proposal);
      await takeBackSupport(restless, proposal);
    }
    await expectRefusal(giveSupport(restless, proposal), "too-many-tries");
  });

  it("reaches another instance's proposal only with the person's consent", async () => {
    const city = await aCity();
    const proposal = await receiveProposal(city.visitor, aReceivedProposal());
    const neighbour = await city.newcomer();
    await expectRefusal(giveSupport(neighbour, proposal), "needs-consent");

    await consentToNetwork(neighbour);
    await giveSupport(neighbour, proposal);

    expect((await countsOf(city.visitor, proposal._id))?.supports).to.equal(13);
    const told = { counts: { supports: 13, comments: 3 } };
    await receiveProposalUpdate(city.visitor, aReceivedProposal(told));
    await city.later(10_000);
    const counts = await countsOf(city.visitor, proposal._id);
    expect(counts).to.deep.include({ supportsHere: 1, supportsElsewhere: 12, supports: 13 });
  });

  it("can be taken back from another instance's proposal by who has left the network", async () => {
    const city = await aCity();
    const proposal = await receiveProposal(city.visitor, aReceivedProposal());
    const neighbour = await city.newcomer();
    await consentToNetwork(neighbour);
    await giveSupport(neighbour, proposal);
    await leaveNetwork(neighbour);

    await takeBackSupport(neighbour, proposal);

    expect((await countsOf(city.visitor, proposal._id))?.supportsHere).to.equal(0);
  });

  it("can be asked for many proposals, and for everybody in batches", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const [first, second] = [await aProposal(author), await aProposal(author)];
    const neighbour = await city.newcomer();
    await giveSupport(neighbour, second);

    const mine = await supportedAmong(city.visitor, neighbour.member._id, [first._id, second._id]);

    expect([...mine]).to.deep.equal([second._id]);
    const batch = await supportersOf(city.visitor, second._id, null);
    expect(batch).to.deep.equal([neighbour.member._id]);
    expect(await supportersOf(city.visitor, second._id, batch.at(-1) ?? "")).to.deep.equal([]);
  });
});
