import { expect } from "chai";
import { deleteComment, publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork, leaveNetwork } from "../../src/features/people/people.js";
import { withdrawProposal } from "../../src/features/proposals/publishing.js";
import { quotesCollection } from "../../src/federation/quotes/record.js";
import { mostQuotesPerHost } from "../../src/federation/quotes/request.js";
import type { Ctx } from "../../src/kit/index.js";
import { closePeers, type PeerActor } from "./support/peer.js";
import { aScene, type Scene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

type Doc = Record<string, unknown>;

async function read(uri: unknown): Promise<{ status: number; body: Doc }> {
  const answer = await fetch(String(uri), { headers: { accept: "application/activity+json" } });
  return { status: answer.status, body: (await answer.json()) as Doc };
}

/** Ask to quote, and hear the last answer. */
async function ask(
  { peer, tell }: Scene,
  by: PeerActor,
  quoted: string,
  instrument: unknown,
): Promise<Doc> {
  const before = peer.inboxed().length;
  await tell(by, "QuoteRequest", quoted, { instrument });
  const answers = peer.inboxed().slice(before);
  expect(answers).to.have.length(1);
  return answers[0] as Doc;
}

async function aComment({ town, proposal }: Scene): Promise<{ uri: string; id: string; by: Ctx }> {
  const by = await town.newcomer("Sacha");
  await consentToNetwork(by);
  const said = { proposalId: proposal._id, parentId: null, body: "Oui." };
  const { uri, _id: id } = await publishComment(by, said);
  await town.settle();
  return { uri, id, by };
}

describe("who quotes on Mastodon what was said here", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("gets leave by its author's actor, with an authorisation that everybody can read (FEP-044f)", async () => {
    const scene = await aScene();
    const { alice, peer, proposal } = scene;
    const post = peer.note(alice, { quote: proposal.uri });

    const accept = await ask(scene, alice, proposal.uri, post);

    expect(accept["type"]).to.equal("Accept");
    expect(accept["actor"]).to.equal(`${proposal.uri}/actor`);
    expect(accept["object"]).to.include({
      ...{ type: "QuoteRequest", actor: alice.uri, object: proposal.uri, instrument: post["id"] },
    });
    const { status, body } = await read(accept["result"]);
    expect(status).to.equal(200);
    expect(body).to.deep.include({
      ...{ id: accept["result"], type: "QuoteAuthorization" },
      ...{ attributedTo: `${proposal.uri}/actor`, interactionTarget: proposal.uri },
      interactingObject: post["id"],
    });
  });

  it("is answered each time, and holds one authorisation however often it asks", async () => {
    const scene = await aScene();
    const { alice, peer, proposal, town } = scene;
    const post = `${peer.origin}/notes/q`;

    const [one, two] = [
      await ask(scene, alice, proposal.uri, post),
      await ask(scene, alice, proposal.uri, post),
    ];
    const copies = peer.activity(alice, "QuoteRequest", proposal.uri, { instrument: post });
    await Promise.all(Array.from({ length: 6 }, () => peer.post(town, alice, copies)));
    await town.settle();

    expect(two["result"]).to.equal(one["result"]);
    expect((two["object"] as Doc)["id"]).to.not.equal((one["object"] as Doc)["id"]);
    expect(peer.inboxed("Accept")).to.have.length(3);
    expect(await town.visitor.collection(quotesCollection).countDocuments({})).to.equal(1);
  });

  it("is refused what is not public here, without learning whose it was", async () => {
    const scene = await aScene();
    const { town, alice, peer, proposal } = scene;
    const silent = await publishComment(await town.newcomer("Noa"), {
      ...{ proposalId: proposal._id, parentId: null, body: "Entre nous." },
    });
    const post = `${peer.origin}/notes/q`;
    for (const uri of [silent.uri, `${town.origin}/proposals/99`, `${town.origin}/about`]) {
      const answer = await ask(scene, alice, uri, post);
      expect([answer["type"], answer["actor"], answer["result"]], uri).to.deep.equal([
        ...["Reject", `${town.origin}/actor/instance`, undefined],
      ]);
    }
    expect(await town.visitor.collection(quotesCollection).countDocuments({})).to.equal(0);
  });

  it("asks for its own posts only, and of us only about ours", async () => {
    const scene = await aScene();
    const { alice, evil, peer, proposal, tell } = scene;

    const foreign = await ask(scene, alice, proposal.uri, "https://elsewhere.example/notes/1");
    const stolen = await ask(scene, evil, proposal.uri, peer.note(alice));
    const none = await ask(scene, evil, proposal.uri, undefined);
    await tell(alice, "QuoteRequest", "https://elsewhere.example/1", { instrument: peer.origin });

    expect([foreign, stolen, none].map(({ type }) => type)).to.deep.equal(
      Array<string>(3).fill("Reject"),
    );
    expect(peer.inboxed()).to.have.length(3);
  });

  it("loses the authorisation when its post is deleted, by its own word alone", async () => {
    const scene = await aScene();
    const { alice, evil, peer, proposal, tell } = scene;
    const post = `${peer.origin}/notes/q`;
    const { result } = await ask(scene, alice, proposal.uri, post);

    await tell(evil, "Delete", post);
    expect((await read(result)).status).to.equal(200);
    await tell(alice, "Delete", { id: post, type: "Tombstone" });

    expect((await read(result)).status).to.equal(410);
    expect(peer.inboxed("Delete").map(({ object }) => object)).to.deep.equal([result]);
    expect((await ask(scene, alice, proposal.uri, post))["type"]).to.equal("Reject");
  });

  it("gets none for a post whose deletion overtook the request", async () => {
    const scene = await aScene();
    const { alice, peer, proposal, tell, town } = scene;
    const post = `${peer.origin}/notes/q`;

    await tell(alice, "Delete", post);
    const answer = await ask(scene, alice, proposal.uri, post);

    expect(answer["type"]).to.equal("Reject");
    const standing = await town.visitor
      .collection(quotesCollection)
      .countDocuments({ revokedAt: null });
    expect(standing).to.equal(0);
  });

  it("is told when the quoted comment is deleted, or the proposal taken back", async () => {
    const scene = await aScene();
    const { town, alice, peer, proposal } = scene;
    const comment = await aComment(scene);
    const ofComment = await ask(scene, alice, comment.uri, `${peer.origin}/notes/1`);
    const ofProposal = await ask(scene, alice, proposal.uri, `${peer.origin}/notes/2`);

    await deleteComment(comment.by, comment.id);
    const author = town.signedInAs({
      ...{ _id: proposal.authorId ?? "", name: "Camille", roles: ["citizen"], language: "fr" },
    });
    await withdrawProposal(author, proposal.number ?? 0);
    await town.settle();

    const told = peer.inboxed("Delete").map(({ actor, object }) => [actor, object]);
    expect(told).to.have.deep.members([
      [ofComment["actor"], ofComment["result"]],
      [ofProposal["actor"], ofProposal["result"]],
    ]);
    expect((await read(ofComment["result"])).status).to.equal(410);
    expect((await read(ofProposal["result"])).body["type"]).to.equal("Tombstone");
    const note = (await read(proposal.uri)).body;
    expect(note["interactionPolicy"]).to.deep.equal({
      canQuote: { automaticApproval: [`${proposal.uri}/actor`] },
    });
    const late = await ask(scene, alice, proposal.uri, `${peer.origin}/notes/3`);
    expect([late["type"], late["actor"]]).to.deep.equal(["Reject", `${proposal.uri}/actor`]);
  });

  it("may not go on quoting a citizen who left the network", async () => {
    const scene = await aScene();
    const comment = await aComment(scene);
    const post = `${scene.peer.origin}/notes/1`;
    const { result } = await ask(scene, scene.alice, comment.uri, post);

    await leaveNetwork(comment.by);

    expect((await read(result)).status).to.equal(410);
  });

  it("is forgotten with all its quotes when it deletes itself", async () => {
    const scene = await aScene();
    const { alice, proposal, peer, tell } = scene;
    const { result } = await ask(scene, alice, proposal.uri, `${peer.origin}/notes/1`);

    await tell(alice, "Delete", alice.uri);

    expect((await read(result)).status).to.equal(410);
  });

  it("holds no more authorisations for one server than written, and others still get theirs", async () => {
    const scene = await aScene();
    const { alice, peer, proposal, town } = scene;
    const { host } = new URL(peer.origin);
    const rows = town.visitor.collection(quotesCollection);
    const at = town.clock.now();
    const full = Array.from({ length: mostQuotesPerHost }, (_one, n) => ({
      ...{ _id: `q${n}`, quotedUri: "x", quotingUri: `y${n}`, authorUri: "z", actorUri: "w" },
      ...{ host, inbox: "", at, revokedAt: null, expiresAt: null },
    }));
    await rows.insertMany(full);

    const refused = await ask(scene, alice, proposal.uri, `${peer.origin}/notes/1`);
    await rows.deleteOne({ _id: "q0" });
    const taken = await ask(scene, alice, proposal.uri, `${peer.origin}/notes/1`);

    expect([refused["type"], taken["type"]]).to.deep.equal(["Reject", "Accept"]);
  });
});
