import { expect } from "chai";
import { commentsCollection, publishComment } from "../../../src/features/comments/comments.js";
import {
  consentToNetwork,
  erasePerson,
  leaveNetwork,
  personByUri,
} from "../../../src/features/people/people.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { proposalById, proposalByUri } from "../../../src/features/proposals/proposals.js";
import { giveSupport, takeBackSupport } from "../../../src/features/supports/supports.js";
import { thingAt } from "../../../src/federation/interact/things.js";
import { aDraft } from "../../support/builders.js";
import { aClock } from "../../support/city.js";
import { followed } from "../support/followed.js";
import { link } from "../support/linked-towns.js";
import { aPeer, closePeers } from "../support/peer.js";
import { aTown, closeTowns, laterAll, settleAll } from "../support/town.js";
import { ask } from "./support.js";

async function twoTowns() {
  const clock = aClock();
  const city = await aTown({ name: "Valmont", clock });
  const home = await aTown({ name: "Vélo", kind: "association", clock });
  await link(city, home);
  const proposal = await publishProposal(await home.newcomer(), aDraft());
  await settleAll(city, home);
  const seen = await proposalByUri(city.visitor, proposal.uri);
  if (seen === null) throw new Error("not seen");
  const citizen = await city.newcomer("Camille");
  const supports = async () =>
    (await proposalById(home.visitor, proposal._id))?.counts.supports ?? -1;
  const pass = async (): Promise<void> => {
    await laterAll(15_000, city, home);
    await laterAll(15_000, city, home);
  };
  return { city, home, proposal, seen, citizen, supports, pass };
}

describe("a citizen who leaves the network and comes back", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("is somebody new there, and the former one stays gone", async () => {
    const town = await aTown();
    const citizen = await town.newcomer();
    const before = await consentToNetwork(citizen);
    await leaveNetwork(citizen);
    const after = await consentToNetwork(citizen);
    expect(after.uri).to.not.equal(before.uri);
    expect(after._id).to.equal(before._id);
    expect(after.url).to.equal(`/people/${after.handle}`);
    expect((await consentToNetwork(citizen)).uri).to.equal(after.uri);

    const host = new URL(town.origin).host;
    const finger = (handle: string) =>
      ask(town, `/.well-known/webfinger?resource=acct:${handle}@${host}`);
    expect((await ask(town, `/people/${before.handle}`)).status).to.equal(410);
    expect((await ask(town, `/people/${after.handle}`)).status).to.equal(200);
    expect((await finger(before.handle)).status).to.equal(410);
    expect((await finger(after.handle)).status).to.equal(200);
  });

  it("is said to be gone even when they came back before anybody was told", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "alice");
    const citizen = await town.newcomer();
    const before = await consentToNetwork(citizen);
    await leaveNetwork(citizen);
    await consentToNetwork(citizen);
    await town.settle();

    expect(peer.inboxed("Delete").map(({ object }) => object)).to.deep.equal([before.uri]);
  });

  it("counts once at a linked instance, before and after", async () => {
    const { citizen, seen, supports, pass, home } = await twoTowns();
    const before = await consentToNetwork(citizen);
    await giveSupport(citizen, seen);
    await pass();
    expect(await supports()).to.equal(1);

    await leaveNetwork(citizen);
    await pass();
    expect(await supports()).to.equal(0);
    expect((await personByUri(home.visitor, before.uri ?? ""))?.erasedAt).to.be.instanceOf(Date);

    await consentToNetwork(citizen);
    await giveSupport(citizen, seen);
    await pass();
    expect(await supports()).to.equal(1);
    expect((await proposalById(citizen, seen._id))?.counts.supports).to.equal(1);

    await takeBackSupport(citizen, seen);
    await pass();
    expect(await supports()).to.equal(0);
    await giveSupport(citizen, seen);
    await pass();
    expect(await supports()).to.equal(1);
  });

  it("has what they say from then on on the network, and not what they said before", async () => {
    const { city, home, citizen, seen, pass } = await twoTowns();
    await consentToNetwork(citizen);
    const say = (body: string) =>
      publishComment(citizen, { proposalId: seen._id, parentId: null, body });
    const old = await say("Avant.");
    await pass();
    await leaveNetwork(citizen);
    await pass();
    await consentToNetwork(citizen);
    city.clock.advance(1_000);
    const fresh = await say("Après.");
    await pass();

    const status = async (uri: string) => (await ask(city, new URL(uri).pathname)).status;
    expect([await status(old.uri), await status(fresh.uri)]).to.deep.equal([410, 200]);
    const offered = async (uri: string) =>
      (await thingAt(city.visitor, new URL(uri).pathname)) !== null;
    expect([await offered(old.uri), await offered(fresh.uri)]).to.deep.equal([false, true]);
    const there = home.visitor.collection(commentsCollection);
    expect((await there.findOne({ uri: fresh.uri }))?.body).to.equal("Après.");
  });

  it("is told of as gone when their account is erased, once for each actor they were", async () => {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "alice");
    const citizen = await town.newcomer();
    const first = await consentToNetwork(citizen);
    await leaveNetwork(citizen);
    const second = await consentToNetwork(citizen);
    await erasePerson(town.visitor, second._id);
    await erasePerson(town.visitor, second._id);
    await town.settle();

    const gone = peer.inboxed("Delete").map(({ object }) => object);
    expect(gone).to.have.members([first.uri, second.uri]);
    for (const { handle } of [first, second]) {
      expect((await ask(town, `/people/${handle}`)).status).to.equal(410);
    }
  });
});
