import { expect } from "chai";
import { commentsCollection } from "../../src/features/comments/comments.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { guard, guardLimits, HostileDocument } from "../../src/federation/inbox/guard.js";
import { inboxCollection } from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { countingWrites } from "./support/counting.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const entries = (town: Town): Promise<number> =>
  town.visitor.collection(inboxCollection).countDocuments({});

describe("the door of the inbox", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("answers 401 to what is not signed, whatever the environment (requirement 5, S4)", async () => {
    const count = { writes: 0, calls: 0 };
    const town = await aTown({ storeThrough: countingWrites(count) });
    const peer = await aPeer();
    const mallory = await peer.actor("mallory");
    const before = process.env["NODE_ENV"];
    try {
      for (const environment of [undefined, "test", "development", "production"]) {
        if (environment === undefined) delete process.env["NODE_ENV"];
        else process.env["NODE_ENV"] = environment;
        for (const path of ["/inbox", "/actor/inbox", "/people/nobody/inbox", "/topics/x/inbox"]) {
          const written = count.writes;
          const activity = peer.activity(mallory, "Follow", `${town.origin}/actor`);
          const answer = await peer.post(town, mallory, activity, {
            path,
            headers: { signature: undefined },
          });
          expect(answer.status, path).to.equal(401);
          expect(count.writes).to.equal(written);
        }
      }
    } finally {
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
    expect(peer.received).to.deep.equal([]);
  });

  it("answers 401 to signatures that prove too little (requirement 6, S10)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const mallory = await peer.actor("mallory");
    const activity = peer.activity(mallory, "Follow", `${town.origin}/actor`);
    const hours = 3_600_000;
    const dateOnly = `keyId="${mallory.keyId}",headers="date",signature="AAAA"`;
    const answers = [
      await peer.post(town, mallory, activity, { body: JSON.stringify({ ...activity, x: 1 }) }),
      await peer.post(town, mallory, activity, { headers: { signature: dateOnly } }),
      await peer.post(town, mallory, activity, { headers: { digest: undefined } }),
      await peer.post(town, mallory, activity, { headers: { signature: 'keyId="x' } }),
      await peer.post(town, mallory, activity, {
        date: new Date(town.clock.now().getTime() - 2 * hours),
      }),
    ];
    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401, 401, 401, 401]);
    expect(await entries(town)).to.equal(0);
  });

  it("takes a replayed activity as the one it is (requirements 6 and 15)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const activity = peer.activity(alice, "Follow", `${town.origin}/actor`);

    const first = await peer.post(town, alice, activity);
    const again = await peer.post(town, alice, activity);
    await town.settle();

    expect([first.status, again.status]).to.deep.equal([202, 202]);
    expect(await entries(town)).to.equal(1);
    expect(peer.inboxed("Accept")).to.have.length(1);
  });

  it("answers 401 when the key is not the actor's own (requirement 7, S2)", async () => {
    const town = await aTown();
    const [peer, other] = [await aPeer(), await aPeer()];
    const carol = await peer.actor("carol");
    const evil = await other.actor("evil");
    other.documents.set("/keys/1", {
      ...{ id: `${other.origin}/keys/1`, owner: carol.uri },
      publicKeyPem: (evil.document["publicKey"] as { publicKeyPem: string }).publicKeyPem,
    });
    other.documents.set("/users/liar", { ...evil.document, id: carol.uri });
    const activity = peer.activity(carol, "Follow", `${town.origin}/actor`);
    for (const keyId of [
      ...[`${other.origin}/keys/1`, `${other.origin}/users/liar#main-key`, evil.keyId],
      `${town.origin}/actor#main-key`,
    ]) {
      const answer = await peer.post(town, evil, activity, { keyId });
      expect(answer.status, keyId).to.equal(401);
    }
    expect(await entries(town)).to.equal(0);
  });

  it("takes no id of another host, and none of ours (requirement 8, S9)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const elsewhere = "https://other.example/x";
    const note = peer.note(alice);
    const hostile = [
      peer.activity(alice, "Create", note, { id: elsewhere }),
      peer.activity(alice, "Create", note, { id: `${town.origin}/activities/1` }),
      peer.activity(alice, "Create", { ...note, id: elsewhere }),
      peer.activity(alice, "Create", { ...note, id: `${town.origin}/comments/1` }),
      peer.activity(alice, "Create", { ...note, attributedTo: `${peer.origin}/users/bob` }),
      peer.activity(alice, "Update", { ...note, attributedTo: undefined }),
      peer.activity(alice, "Update", `${town.origin}/actor`),
    ];
    for (const activity of hostile) {
      expect((await peer.post(town, alice, activity)).status).to.equal(400);
    }
    expect(await entries(town)).to.equal(0);
  });

  it("lets no hostile key through, at any depth (requirement 9, S5)", () => {
    const { body } = guard(
      JSON.stringify({
        "@context": { actor: "https://evil.example/author" },
        ...{ id: "https://a.example/1", type: "Follow", _meta: { collection: ["x"] } },
        ...{ $set: 1, "@type": "x", "a:b": 1, "a.b": 1 },
        object: [{ id: "https://a.example/2", _meta: {}, name: "kept", "as:name": "x" }],
      }),
    );
    expect(body).to.deep.equal({
      ...{ id: "https://a.example/1", type: "Follow" },
      object: [{ id: "https://a.example/2", name: "kept" }],
    });
    const nested = "[".repeat(guardLimits.depth + 5) + "]".repeat(guardLimits.depth + 5);
    for (const text of [
      ...["", "null", "[]", '"x"', "{", `{"a":${nested}}`],
      ...['{"@graph":[]}', '{"a":{"@included":[]}}', '{"@reverse":{}}'],
      JSON.stringify({ list: Array.from({ length: guardLimits.list + 1 }, () => 1) }),
    ]) {
      expect(() => guard(text), text.slice(0, 40)).to.throw(HostileDocument);
    }
  });

  it("fetches nothing but the key before it answers (requirement 14, S12)", async () => {
    const town = await aTown({ asleep: true });
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const tag = Array.from({ length: 300 }, (_, at) => ({
      ...{ type: "Mention", href: `${peer.origin}/users/tag${at}`, name: "@x" },
    }));
    const note = peer.note(alice, { tag, inReplyTo: `${peer.origin}/notes/0` });

    const answer = await peer.post(town, alice, peer.activity(alice, "Create", note));

    expect(answer.status).to.equal(202);
    const asked = peer.received.filter(({ method }) => method === "GET");
    expect(asked.map(({ path }) => path)).to.deep.equal(["/users/alice"]);
  });

  it("climbs a thread of strangers ten steps at most (requirement 14)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    for (let step = 0; step < 40; step += 1) {
      const id = `${peer.origin}/chain/${step}`;
      const inReplyTo = `${peer.origin}/chain/${step + 1}`;
      peer.documents.set(`/chain/${step}`, { ...peer.note(alice), id, inReplyTo });
    }
    const note = peer.note(alice, {
      inReplyTo: `${peer.origin}/chain/0`,
      cc: [`${town.origin}/actor`],
    });
    await peer.post(town, alice, peer.activity(alice, "Create", note));
    await town.settle();

    const climbed = peer.received.filter(({ path }) => path.startsWith("/chain/"));
    expect(climbed.length).to.be.within(1, 11);
  });

  it("makes one effect of six copies that come at once (requirement 15, S14)", async () => {
    const town = await aTown();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const proposal = await publishProposal(await town.newcomer(), aDraft());
    const note = peer.note(alice, { inReplyTo: proposal.uri });
    const activity = peer.activity(alice, "Create", note);

    const answers = await Promise.all(
      Array.from({ length: 6 }, () => peer.post(town, alice, activity)),
    );
    await town.settle();

    expect(answers.map(({ status }) => status)).to.deep.equal([202, 202, 202, 202, 202, 202]);
    expect(await entries(town)).to.equal(1);
    const kept = await town.visitor
      .collection(commentsCollection)
      .find({ uri: note["id"] as string })
      .toArray();
    expect(kept).to.have.length(1);
  });
});
