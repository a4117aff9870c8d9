import { expect } from "chai";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { followersCollection } from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aTown, closeTowns, laterAll, type Town } from "./support/town.js";

const hour = 3_600_000;
const day = 24 * hour;

/** A town, and some who follow its city from one server, with one inbox for all. */
async function followedBy(...names: string[]) {
  const town = await aTown();
  const peer = await aPeer();
  const actors = await followed(town, peer, ...names);
  const rows = town.visitor.collection(followersCollection);
  const here = { actorUri: `${town.origin}/actor` };
  return { town, peer, actors, rows, following: () => rows.countDocuments(here) };
}

/** Publish something, and have its delivery answered like that. */
async function published(town: Town, peer: Peer, status: number): Promise<void> {
  peer.answers.push(status);
  await publishProposal(await town.newcomer(), aDraft());
  await town.settle();
}

/** What a server answers while it is restarted behind its proxy: 404 to everything. */
async function restarting(town: Town, peer: Peer): Promise<void> {
  const before = [...peer.documents];
  peer.documents.clear();
  await published(town, peer, 404);
  for (const [path, document] of before) peer.documents.set(path, document);
}

async function followAgain(town: Town, peer: Peer, actor: PeerActor): Promise<void> {
  await peer.post(town, actor, peer.activity(actor, "Follow", `${town.origin}/actor`));
  await town.settle();
}

describe("who follows a city from an inbox that is not there", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("is sent things where they have moved to", async () => {
    const { town, peer, rows } = await followedBy("a");
    const moved = `${peer.origin}/new-inbox`;
    await peer.actor("a", { inbox: moved, endpoints: {} });

    await published(town, peer, 404);

    expect(await rows.countDocuments({ target: moved })).to.equal(1);
  });

  it("is kept by a server that says 404 of all it has, as while it is restarted", async () => {
    const { town, peer, following } = await followedBy("a");

    await restarting(town, peer);

    expect(await following()).to.equal(1);
    await published(town, peer, 202);
    expect(peer.inboxed("Announce")).to.have.length(2);
  });

  it("is kept through one restart and another one, with a good week in between", async () => {
    const { town, peer, following } = await followedBy("a");

    await restarting(town, peer);
    for (let past = 0; past < 6; past += 1) {
      await laterAll(day, town);
      await published(town, peer, 202);
    }
    await restarting(town, peer);
    await laterAll(3 * day, town);

    expect(await following()).to.equal(1);
  });

  it("is kept through two restarts with nothing to tell in between", async () => {
    const { town, peer, following } = await followedBy("a");

    await restarting(town, peer);
    await laterAll(10 * day, town);
    await restarting(town, peer);
    await laterAll(3 * day, town);

    expect(await following()).to.equal(1);
  });

  it("is dropped who is missing still after a day and a night", async () => {
    const { town, peer, following } = await followedBy("a");
    peer.documents.delete("/users/a");

    await published(town, peer, 404);
    await laterAll(29 * hour, town);

    expect(await following()).to.equal(1);
    await laterAll(2 * hour, town);
    expect(await following()).to.equal(0);
  });

  it("is dropped however often the dead inbox is met meanwhile", async () => {
    const { town, peer, following } = await followedBy("a");
    peer.documents.delete("/users/a");

    for (let past = 0; past < 4; past += 1) {
      await published(town, peer, 404);
      await laterAll(11 * hour, town);
    }

    expect(await following()).to.equal(0);
  });

  it("begins anew by following again", async () => {
    const { town, peer, actors, following } = await followedBy("a");
    await restarting(town, peer);
    for (const actor of actors) await followAgain(town, peer, actor);

    peer.documents.clear();
    await laterAll(2 * day, town);

    expect(await following()).to.equal(1);
  });

  it("begins anew under the address that they move to", async () => {
    const { town, peer, actors, following } = await followedBy("a");
    await restarting(town, peer);
    const elsewhere = await aPeer();
    const anew = await elsewhere.actor("a", { alsoKnownAs: actors.map(({ uri }) => uri) });
    for (const actor of actors) {
      const move = peer.activity(actor, "Move", actor.uri, { target: anew.uri });
      await peer.post(town, actor, move);
    }
    await laterAll(2 * 60_000, town);

    elsewhere.documents.clear();
    await laterAll(2 * day, town);

    expect(await following()).to.equal(1);
  });

  it("is kept while their server says that they are there, and with that inbox", async () => {
    const { town, peer, following } = await followedBy("a");

    for (let past = 0; past < 3; past += 1) {
      await published(town, peer, 404);
      await laterAll(2 * day, town);
    }

    expect(await following()).to.equal(1);
  });

  it("is looked for with all others behind it, even where the first cannot be read", async () => {
    const names = Array.from({ length: 12 }, (_, at) => `f${at}`);
    const { town, peer, following } = await followedBy(...names);
    const [busy, missing] = [names.slice(0, 6), names.slice(6)];
    for (const name of busy) peer.documents.set(`/users/${name}`, 503);
    for (const name of missing) peer.documents.delete(`/users/${name}`);

    for (let time = 0; time < 3; time += 1) await published(town, peer, 404);
    await laterAll(2 * day, town);

    expect(await following()).to.equal(6);
  });

  it("is dropped at once where it is gone for good (requirement 17)", async () => {
    const { town, peer, following } = await followedBy("a");
    peer.documents.set("/users/a", 410);

    await published(town, peer, 410);

    expect(await following()).to.equal(0);
  });
});
