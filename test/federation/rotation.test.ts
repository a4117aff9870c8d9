import { expect } from "chai";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { proposalByUri } from "../../src/features/proposals/proposals.js";
import { activitiesCollection, keysCollection } from "../../src/federation/records.js";
import { rotationsCollection } from "../../src/federation/rotation-record.js";
import { inspectProof, isProofOf } from "../../src/federation/signatures/proof.js";
import { createVault } from "../../src/federation/vault.js";
import { decodeEd25519Multikey } from "../../src/federation/signatures/multikey.js";
import { aClock } from "../support/city.js";
import { aDraft, expectRefusal } from "../support/builders.js";
import { failing } from "../support/faults.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { pooledPair } from "./support/pairs.js";
import { aTown, closeTowns, laterAll, settleAll, type Town } from "./support/town.js";

const overlap = 3_600_000;

interface ActorDocument {
  readonly publicKey: { readonly id: string; readonly publicKeyPem: string };
  readonly assertionMethod: ReadonlyArray<{
    readonly id: string;
    readonly publicKeyMultibase: string;
  }>;
}

async function documentOf(uri: string): Promise<ActorDocument> {
  const answer = await fetch(uri, { headers: { accept: "application/activity+json" } });
  return (await answer.json()) as ActorDocument;
}

/** Which of its keys each delivery was signed with, in the order they came. */
function signedWith(peer: Peer): string[] {
  return peer.received
    .filter(({ method }) => method === "POST")
    .map(({ headers }) => {
      const given = `${String(headers["signature"])} ${String(headers["signature-input"])}`;
      return /keyid="[^"#]*#([^"]*)"/i.exec(given)?.[1] ?? "";
    });
}

async function hasFormer(town: Town, uri: string): Promise<boolean> {
  const row = await town.visitor.collection(keysCollection).findOne({ _id: uri });
  return row?.former !== undefined;
}

describe("an actor whose keys are exchanged", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  async function aFollowedTown(): Promise<{ town: Town; peer: Peer; uri: string }> {
    const town = await aTown();
    const peer = await aPeer();
    await followed(town, peer, "a");
    peer.received.length = 0;
    return { town, peer, uri: `${town.origin}/actor` };
  }

  it("lists new keys under new ids, and tells its followers by the former one", async () => {
    const { town, peer, uri } = await aFollowedTown();
    const before = await documentOf(uri);

    await town.federation.rotateKeys(town.visitor, null);
    await town.settle();

    const after = await documentOf(uri);
    expect(after.publicKey.id).to.equal(`${uri}#main-key-2`);
    expect(after.publicKey.publicKeyPem).to.not.equal(before.publicKey.publicKeyPem);
    expect(after.assertionMethod.map(({ id }) => id)).to.deep.equal([`${uri}#ed25519-key-2`]);
    const [update] = peer.inboxed("Update");
    expect((update as { object: ActorDocument }).object.publicKey).to.deep.equal(after.publicKey);
    expect(signedWith(peer)).to.deep.equal(["main-key"]);
    const instance = await documentOf(`${town.origin}/actor/instance`);
    expect(instance.publicKey.id).to.contain("#main-key-2");
  });

  it("signs with the new key alone once the former one is destroyed, an hour later", async () => {
    const { town, peer, uri } = await aFollowedTown();
    await town.federation.rotateKeys(town.visitor, "valmont");
    await town.settle();
    expect(await hasFormer(town, uri)).to.equal(true);

    await laterAll(overlap, town);
    peer.received.length = 0;
    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();

    expect(await hasFormer(town, uri)).to.equal(false);
    expect(signedWith(peer)).to.deep.equal(["main-key-2"]);
    expect(await town.visitor.collection(rotationsCollection).findOne({ _id: uri })).to.equal(null);
  });

  it("knocks again with the new key where the former one is not known any more", async () => {
    const { town, peer } = await aFollowedTown();
    await town.federation.rotateKeys(town.visitor, "valmont");
    await town.settle();
    peer.received.length = 0;
    peer.answers.push(401, 202);

    await publishProposal(await town.newcomer(), aDraft());
    await town.settle();

    expect(signedWith(peer)).to.deep.equal(["main-key", "main-key-2"]);
  });

  it("sends what still waits with a proof by the new key", async () => {
    const { town, peer, uri } = await aFollowedTown();
    peer.answers.push(503);
    const proposal = await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    await town.federation.rotateKeys(town.visitor, "valmont");
    await town.settle();
    await laterAll(overlap, town);

    const announces = peer.inboxed("Announce");
    const last = announces.at(-1);
    expect(announces).to.have.length(2);
    expect(last?.["object"]).to.equal(proposal.uri);
    const proof = last?.["proof"] as { verificationMethod: string };
    expect(proof.verificationMethod).to.equal(`${uri}#ed25519-key-2`);
    const [listed] = (await documentOf(uri)).assertionMethod;
    const key = decodeEd25519Multikey(listed?.publicKeyMultibase ?? "");
    const inspected = inspectProof(last as never);
    expect(key !== null && inspected !== null && isProofOf(inspected, { key })).to.equal(true);
  });

  it("is understood by another instance before, while and after it happens", async () => {
    const clock = aClock();
    const city = await aTown({ name: "Valmont", clock });
    const other = await aTown({ name: "Vélo", kind: "association", clock });
    await other.federation.linkInstance(other.visitor, city.origin);
    await settleAll(city, other);
    const author = await city.newcomer();
    const arrives = async (title: string): Promise<boolean> => {
      const proposal = await publishProposal(author, aDraft({ title }));
      await settleAll(city, other);
      return (await proposalByUri(other.visitor, proposal.uri)) !== null;
    };
    expect(await arrives("Avant")).to.equal(true);

    await city.federation.rotateKeys(city.visitor, null);
    expect(await arrives("Pendant")).to.equal(true);
    await laterAll(overlap, city, other);
    expect(await hasFormer(city, `${city.origin}/actor`)).to.equal(false);
    expect(await arrives("Après")).to.equal(true);
    await city.federation.rotateKeys(city.visitor, null);
    await laterAll(overlap, city, other);
    expect(await arrives("Encore")).to.equal(true);
    expect((await documentOf(`${city.origin}/actor`)).publicKey.id).to.contain("#main-key-3");
  });

  it("may be a proposal, a topic or a citizen; nobody else is", async () => {
    const town = await aTown();
    const citizen = await town.newcomer();
    const person = await consentToNetwork(citizen);
    const quiet = await town.newcomer("Alix");
    await publishProposal(citizen, aDraft());
    await town.settle();

    for (const [handle, uri] of [
      ["p1", `${town.origin}/proposals/1/actor`],
      [`@${person.handle}@valmont.example`, person.uri ?? ""],
    ] as const) {
      await town.federation.rotateKeys(town.visitor, handle);
      await town.settle();
      expect((await documentOf(uri)).publicKey.id).to.equal(`${uri}#main-key-2`);
    }
    for (const handle of ["p9", "topic_none", "nobody", "", "@", quiet.member._id]) {
      await expectRefusal(town.federation.rotateKeys(town.visitor, handle), "not-found");
    }
  });

  it("has them exchanged once, however often it is asked for meanwhile", async () => {
    const { town, peer, uri } = await aFollowedTown();

    await Promise.all([1, 2, 3].map(() => town.federation.rotateKeys(town.visitor, null)));
    await town.settle();
    await town.federation.rotateKeys(town.visitor, null);
    await town.settle();

    expect((await documentOf(uri)).publicKey.id).to.equal(`${uri}#main-key-2`);
    expect(peer.inboxed("Update")).to.have.length(1);
  });

  it("has them exchanged once by two processes, of which one remembers the former keys", async () => {
    const town = await aTown();
    const uri = `${town.origin}/actor`;
    const [one, other] = [createVault(town.clock, pooledPair), createVault(town.clock, pooledPair)];
    await other.publicKeys(town.visitor, uri);
    expect(await one.exchange(town.visitor, uri, 1)).to.equal(true);
    const made = await one.publicKeys(town.visitor, uri);

    expect(await other.exchange(town.visitor, uri, 1)).to.equal(true);

    expect(await other.publicKeys(town.visitor, uri)).to.deep.equal(made);
    expect(await other.exchange(town.visitor, uri, 2)).to.equal(true);
    expect(await one.exchange(town.visitor, uri, 2)).to.equal(true);
    expect((await other.publicKeys(town.visitor, uri)).generation).to.equal(3);
  });

  const steps = [
    ["actorKeys", "updateOne", "the new keys are stored"],
    ["activities", "insertOne", "its followers are to be told"],
    ["keyRotations", "deleteOne", "the exchange is over"],
  ] as const;
  for (const [collection, method, what] of steps) {
    for (const when of ["before", "after"] as const) {
      it(`is as good as one whose process did not die ${when} ${what}`, async () => {
        const fault = failing(collection, method);
        const town = await aTown({ storeThrough: fault.through });
        const peer = await aPeer();
        await followed(town, peer, "a");
        peer.received.length = 0;
        const uri = `${town.origin}/actor`;

        fault.arm(1, when);
        await town.federation.rotateKeys(town.visitor, "valmont");
        await town.settle();
        const listed = (await documentOf(uri)).publicKey.id;
        expect([`${uri}#main-key`, `${uri}#main-key-2`]).to.include(listed);
        for (let hour = 0; hour < 3; hour += 1) await laterAll(overlap, town);

        expect(fault.deaths).to.equal(1);
        expect((await documentOf(uri)).publicKey.id).to.equal(`${uri}#main-key-2`);
        expect(peer.inboxed("Update")).to.have.length(1);
        expect(await hasFormer(town, uri)).to.equal(false);
        const left = town.visitor.collection(rotationsCollection);
        expect(await left.findOne({ _id: uri })).to.equal(null);
      });
    }
  }

  it("is taken up by the sweep when nothing but the wish survived", async () => {
    const { town, uri } = await aFollowedTown();
    await town.visitor
      .collection(rotationsCollection)
      .insertOne({ _id: uri, from: 1, startedAt: town.clock.now() });

    town.clock.advance(120_000);
    const job = town.federation.feature.jobs.find(({ name }) => name === "federation.sweep");
    await job?.run(town.visitor, {}, { number: 1, of: 1 });
    await town.settle();
    await laterAll(overlap, town);

    expect((await documentOf(uri)).publicKey.id).to.equal(`${uri}#main-key-2`);
    expect(await hasFormer(town, uri)).to.equal(false);
    const told = { objectUri: uri, type: "Update" };
    expect(await town.visitor.collection(activitiesCollection).countDocuments(told)).to.equal(1);
  });
});
