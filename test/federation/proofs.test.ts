import { expect } from "chai";
import { commentByUri, publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { proposalByUri } from "../../src/features/proposals/proposals.js";
import {
  activitiesCollection,
  inboxCollection,
  keysCollection,
} from "../../src/federation/records.js";
import type { JsonObject } from "../../src/federation/remote-document.js";
import { decodeEd25519Multikey } from "../../src/federation/signatures/multikey.js";
import { verifyProof } from "../../src/federation/signatures/proof.js";
import { aDraft } from "../support/builders.js";
import { aClock } from "../support/city.js";
import { pooledPair } from "./support/pairs.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aRelay, anAttester } from "./support/relay.js";
import { aTown, closeTowns, settleAll } from "./support/town.js";

const headers = { accept: "application/activity+json" };
const hour = 3_600_000;

interface Listed {
  readonly id: string;
  readonly controller: string;
  readonly publicKeyMultibase: string;
}

async function read(uri: string): Promise<JsonObject & { assertionMethod: readonly Listed[] }> {
  return (await (await fetch(uri, { headers })).json()) as never;
}

describe("what is proven, wherever it comes from", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("is every activity, by the key that its actor lists", async () => {
    const town = await aTown();
    const citizen = await town.newcomer();
    await consentToNetwork(citizen);
    const proposal = await publishProposal(citizen, aDraft({ title: "Le banc \ud800 du parc" }));
    await publishComment(citizen, { proposalId: proposal._id, parentId: null, body: "Oui." });
    await town.settle();

    const rows = await town.visitor.collection(activitiesCollection).find({}).toArray();
    for (const { body, actorUri } of rows) {
      const { assertionMethod } = await read(actorUri);
      const [listed] = assertionMethod;
      const key = decodeEd25519Multikey(listed?.publicKeyMultibase ?? "");
      expect(listed).to.include({ controller: actorUri });
      if (key === null) throw new Error("no key");
      const verdict = await verifyProof(JSON.parse(body) as JsonObject, async (keyId) => {
        expect(keyId).to.equal(listed?.id);
        return { keyId, owner: actorUri, key, actor: {} };
      });
      expect(verdict, body).to.include({ ok: true, owner: actorUri });
    }
    expect(rows.map(({ type }) => type)).to.include.members(["Create", "Announce"]);
  });

  it("gives every actor a key, and keeps it", async () => {
    const town = await aTown();
    const person = await consentToNetwork(await town.newcomer());
    const proposal = await publishProposal(await town.newcomer(), aDraft());
    await town.settle();
    const uris = [`${town.origin}/actor`, `${town.origin}/actor/instance`, person.uri ?? ""];
    for (const uri of [...uris, `${proposal.uri}/actor`]) {
      const { assertionMethod, publicKey } = await read(uri);
      expect(assertionMethod).to.have.length(1);
      expect(await read(uri)).to.deep.include({ assertionMethod, publicKey });
    }
  });

  it("upgrades an actor of before once, whoever asks first, and leaves its other key alone", async () => {
    const town = await aTown({ asleep: true });
    const person = await consentToNetwork(await town.newcomer());
    const uri = person.uri ?? "";
    const keys = town.visitor.collection(keysCollection);
    const { publicKeyPem, privateKeyPem } = await pooledPair();
    const old = { publicKeyPem, privateKeyPem };
    await keys.insertOne({ _id: uri, ...old, createdAt: town.clock.now() });

    const found = await Promise.all([read(uri), read(uri), read(uri)]);

    expect(new Set(found.map((one) => JSON.stringify(one.assertionMethod))).size).to.equal(1);
    expect(found[0]?.["publicKey"]).to.include({ publicKeyPem: old.publicKeyPem });
    expect(await keys.findOne({ _id: uri })).to.deep.include(old);
  });

  it("lets a third city take a forwarded comment without asking for it", async () => {
    const clock = aClock();
    const [home, second, third] = await Promise.all([
      aTown({ name: "Un", clock }),
      aTown({ name: "Deux", clock }),
      aTown({ name: "Trois", clock }),
    ]);
    const towns = [home, second, third];
    await second.federation.linkInstance(second.visitor, home.origin);
    await home.federation.linkInstance(home.visitor, second.origin);
    await third.federation.linkInstance(third.visitor, home.origin);
    await settleAll(...towns);
    const proposal = await publishProposal(await home.newcomer("Alix"), aDraft());
    await settleAll(...towns);
    const seen = await proposalByUri(second.visitor, proposal.uri);
    const citizen = await second.newcomer("Sacha");
    await consentToNetwork(citizen);
    const comment = await publishComment(citizen, {
      ...{ proposalId: seen?._id ?? "", parentId: null, body: "Oui." },
    });
    await settleAll(...towns);
    await settleAll(...towns);

    const taken = await commentByUri(third.visitor, comment.uri);
    const entry = await third.visitor
      .collection(inboxCollection)
      .findOne({ about: comment.uri, type: "Create" });
    expect(taken?.body).to.equal("Oui.");
    expect(entry).to.include({ trust: "proven", outcome: "comment" });
  });

  it("is taken with one look at its actor, and none at its object", async () => {
    const { town, home, alice, reply, attested, forward, asked } = await aRelay();
    const note = reply();

    expect(await forward(attested(home.activity(alice, "Create", note)))).to.equal(202);

    expect((await commentByUri(town.visitor, String(note["id"])))?.body).to.equal("Bonne idée.");
    expect(asked()).to.deep.equal(["/users/alice"]);
  });

  it("is edited and deleted by its author's word alone", async () => {
    const { town, home, alice, mallory, reply, attested, forward, asked } = await aRelay();
    const note = reply();
    const uri = String(note["id"]);
    const body = async (): Promise<string | undefined> =>
      (await commentByUri(town.visitor, uri))?.body;
    await forward(attested(home.activity(alice, "Create", note)));
    town.clock.advance(60_000);
    const updated = town.clock.now().toISOString();
    const edited = { ...note, content: "<p>Mieux.</p>", updated };

    await forward(attested(home.activity(alice, "Update", edited)));
    expect(await body()).to.equal("Mieux.");
    await forward(attested(home.activity(mallory, "Delete", uri), mallory));
    expect(await body()).to.equal("Mieux.");
    await forward(attested(home.activity(alice, "Delete", uri)));
    expect((await commentByUri(town.visitor, uri))?.state).to.equal("deleted");
    expect(asked().filter((path) => path.startsWith("/notes/"))).to.deep.equal([]);
  });

  it("is refused when it was changed, or when the proof is not its actor's own", async () => {
    const { town, home, alice, mallory, reply, attested, forward, asked } = await aRelay();
    const activity = home.activity(alice, "Create", reply());
    const other = await aPeer();
    const stranger = await anAttester(other, "alice");
    const posed = `${home.origin}/users/poser#proofs`;
    await home.actor("poser", {
      assertionMethod: [
        { ...(alice.document["assertionMethod"] as [object])[0], id: posed, controller: alice.uri },
      ],
    });
    const lent = `${alice.uri}#signing`;
    const [listed] = alice.document["assertionMethod"] as [object];
    home.documents.set("/users/alice", {
      ...alice.document,
      publicKey: [alice.document["publicKey"], { ...listed, id: lent }],
    });
    const proven = attested(activity);
    const wrong: ReadonlyArray<JsonObject> = [
      { ...proven, object: { ...(proven["object"] as object), content: "<p>Non.</p>" } },
      { ...proven, to: [] },
      attested(activity, { method: alice.method, proofKey: mallory.proofKey }),
      attested(activity, mallory),
      attested(activity, stranger),
      attested(activity, { method: posed, proofKey: alice.proofKey }),
      attested(activity, { method: lent, proofKey: alice.proofKey }),
      attested(activity, { method: `${alice.uri}#unknown`, proofKey: alice.proofKey }),
    ];

    for (const one of wrong) expect(await forward(one)).to.equal(401);

    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(0);
    expect(other.received).to.deep.equal([]);
    expect(asked().filter((path) => path.startsWith("/notes/"))).to.deep.equal([]);
  });

  it("has one effect however often it is sent, by its author or others", async () => {
    const { town, home, alice, reply, attested, forward } = await aRelay();
    const note = reply();
    const uri = String(note["id"]);
    const create = attested(home.activity(alice, "Create", note));
    const farewell = attested(home.activity(alice, "Delete", uri));
    for (const one of [create, create, farewell, create]) {
      expect(await forward(one)).to.equal(202);
    }
    expect((await home.post(town, alice, create)).status).to.equal(202);
    await town.settle();

    expect((await commentByUri(town.visitor, uri))?.state).to.equal("deleted");
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(2);
  });

  it("undoes no later edit: what may be older is read again at its own address", async () => {
    const { town, home, alice, reply, attested, forward, asked } = await aRelay();
    const note = reply();
    const edit = (content: string) => {
      town.clock.advance(60_000);
      const changed = { ...note, content, updated: town.clock.now().toISOString() };
      home.documents.set(new URL(String(note["id"])).pathname, changed);
      return attested(home.activity(alice, "Update", changed));
    };
    await forward(attested(home.activity(alice, "Create", note)));
    const withheld = edit("<p>Un.</p>");
    await forward(edit("<p>Deux.</p>"));

    await forward(withheld);

    expect((await commentByUri(town.visitor, String(note["id"])))?.body).to.equal("Deux.");
    expect(asked()).to.deep.equal(["/users/alice", "/notes/1"]);
  });

  it("is read again at its own address when it says in no way we know when it was edited", async () => {
    const { town, home, alice, attested, reply, forward, asked } = await aRelay();
    const note = reply();
    const uri = String(note["id"]);
    const path = new URL(uri).pathname;
    await forward(attested(home.activity(alice, "Create", note)));
    const times = [{ toString: 1, valueOf: 1 }, [], "soon", 7, null, "9".repeat(50)];
    for (const [nth, told] of times.entries()) {
      town.clock.advance(60_000);
      const updated = town.clock.now().toISOString();
      home.documents.set(path, { ...note, content: `<p>À la source, ${nth}.</p>`, updated });
      const claimed = { ...note, content: "<p>Autre.</p>", updated: told };

      expect(await forward(attested(home.activity(alice, "Update", claimed)))).to.equal(202);

      expect((await commentByUri(town.visitor, uri))?.body).to.equal(`À la source, ${nth}.`);
    }
    expect(asked().filter((one) => one === path)).to.have.length(times.length);
  });

  it("is read again at its own address when the proof is missing, old, undated or unknown", async () => {
    const { town, home, alice, attested, reply, forward, asked } = await aRelay();
    const forms = [
      (activity: JsonObject) => activity,
      (activity: JsonObject) => attested(activity, alice, 8 * 24 * hour),
      (activity: JsonObject) => attested(activity, alice, -2 * hour),
      (activity: JsonObject) => {
        const { proof, ...rest } = attested(activity);
        const { created: _created, ...undated } = proof as Record<string, unknown>;
        return { ...rest, proof: undated };
      },
      (activity: JsonObject) => ({ ...activity, proof: { type: "RsaSignature2017" } }),
    ];
    for (const form of forms) {
      const note = reply();
      const path = new URL(String(note["id"])).pathname;
      home.documents.set(path, { ...note, content: "<p>À la source.</p>" });
      const activity = form(home.activity(alice, "Create", note));

      expect(await forward(activity)).to.equal(202);

      expect(asked()).to.include(path);
      const taken = await commentByUri(town.visitor, String(note["id"]));
      expect(taken?.body).to.equal("À la source.");
    }
  });
});
