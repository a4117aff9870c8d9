import { expect } from "chai";
import { deleteComment, publishComment } from "../../../src/features/comments/comments.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { publishResponse } from "../../../src/features/responses/answering.js";
import { giveSupport } from "../../../src/features/supports/supports.js";
import { needs } from "../../support/needs.js";
import { aFedifyScene, type FedifyScene } from "./scene.js";

describe("Fedify's own reader", function () {
  this.timeout(60_000);
  needs("peers");
  let scene: FedifyScene;
  let person: string;
  let comment: string;
  let reply: string;
  let gone: string;
  let response: string;
  before(async () => {
    scene = await aFedifyScene({ firstKnock: "rfc9421" });
    const { town, proposal } = scene;
    const citizen = await town.newcomer("Sacha");
    person = (await consentToNetwork(citizen)).uri ?? "";
    const on = { proposalId: proposal._id };
    const first = await publishComment(citizen, { ...on, parentId: null, body: "Oui." });
    comment = first.uri;
    reply = (await publishComment(citizen, { ...on, parentId: first._id, body: "Et vite." })).uri;
    const bad = await publishComment(citizen, { ...on, parentId: null, body: "Oups." });
    gone = bad.uri;
    await deleteComment(citizen, bad._id);
    await giveSupport(citizen, proposal);
    const mayor = await town.newcomer("Adjointe", "official");
    const answer = { office: "Voirie", decision: "accepted", body: "Oui." } as const;
    response = (await publishResponse(mayor, { ...on, ...answer, milestones: [] })).uri;
    await scene.settle(2_000);
  });
  after(() => scene?.close());

  const kinds = (): ReadonlyArray<readonly [string, string]> => [
    [scene.actors.city, "Organization"],
    [`${scene.town.origin}/actor/instance`, "Application"],
    [scene.actors.topic, "Group"],
    [scene.actors.proposal, "Group"],
    [person, "Person"],
  ];

  it("finds each actor by WebFinger, and its document leads back to it", async () => {
    for (const [uri, kind] of kinds()) {
      const jrd = await scene.peer.finger(uri);
      const self = jrd?.links?.find((link) => "rel" in link && link.rel === "self");
      expect(self, uri).to.include({ href: uri, type: "application/activity+json" });
      const actor = await scene.peer.read("fedi", uri);
      expect(actor).to.include({ kind, id: uri, keyOwner: uri, keyId: `${uri}#main-key` });
      expect(actor["multikeys"]).to.deep.equal([uri]);
      expect(actor["inbox"]).to.equal(`${uri}/inbox`);
      expect(actor["sharedInbox"]).to.equal(`${scene.town.origin}/inbox`);
      expect(jrd?.subject).to.match(new RegExp(`^acct:${String(actor["username"])}@`));
    }
  });

  it("finds the actor of a proposal behind the address of its page", async () => {
    const jrd = await scene.peer.finger(scene.proposal.uri);
    const self = jrd?.links?.find((link) => "rel" in link && link.rel === "self");
    expect(self).to.include({ href: scene.actors.proposal });
  });

  it("reads a proposal: content, author, figures, tags and place, signed and unsigned alike", async () => {
    const { uri } = scene.proposal;
    const [plain, signed] = [await scene.peer.look(uri), await scene.peer.read("fedi", uri)];

    expect(signed).to.deep.equal(plain);
    expect(signed).to.include({ kind: "Note", attributedTo: scene.actors.proposal, url: uri });
    // Two comments, and the official answer.
    expect(signed).to.include({ replies: 3, likes: 1, shares: 0, sensitive: false });
    expect(signed["to"]).to.deep.equal(["https://www.w3.org/ns/activitystreams#Public"]);
    expect(signed["location"]).to.deep.equal({ name: "École Jean-Moulin", latitude: 45.2 });
  });

  it("reads comments in their threads, and the official answer", async () => {
    const [one, two] = [
      await scene.peer.read("fedi", comment),
      await scene.peer.read("fedi", reply),
    ];
    const answer = await scene.peer.read("fedi", response);

    expect(one).to.include({ kind: "Note", attributedTo: person, inReplyTo: scene.proposal.uri });
    expect(two).to.include({ kind: "Note", attributedTo: person, inReplyTo: comment });
    expect(answer).to.include({ attributedTo: scene.actors.city, inReplyTo: scene.proposal.uri });
    expect(answer["tags"]).to.deep.include.members([
      {
        kind: "Mention",
        name: (answer["tags"] as { name: string }[])[0]?.name,
        href: scene.actors.proposal,
      },
    ]);
  });

  it("walks replies, context and outbox from page to page", async () => {
    const { uri } = scene.proposal;
    const itemsOf = async (address: string): Promise<unknown> =>
      (await scene.peer.read("fedi", address))["first"];

    expect(await itemsOf(`${uri}/replies`)).to.deep.equal({
      items: [response, comment],
      next: null,
    });
    expect(await itemsOf(`${comment}/replies`)).to.deep.equal({ items: [reply], next: null });
    expect(await itemsOf(`${uri}/context`)).to.deep.equal({
      items: [uri, response, comment, reply],
      next: null,
    });
    const outbox = await scene.peer.read("fedi", `${scene.actors.proposal}/outbox`);
    expect(outbox["totalItems"]).to.be.greaterThan(0);
    const featured = await scene.peer.read("fedi", `${scene.actors.proposal}/featured`);
    expect(featured).to.include({ kind: "OrderedCollection", totalItems: 1 });
  });

  it("is told that what was deleted is gone", async () => {
    const refused: unknown = await scene.peer.read("fedi", gone).catch((error: unknown) => error);
    expect(String(refused)).to.match(/410|gone/i);
    expect(await scene.peer.look(gone)).to.equal(null);
  });

  it("reads NodeInfo by its schema, strictly", async () => {
    const info = await scene.peer.nodeInfo(scene.town.origin);
    expect(info).to.have.nested.property("software.name", "parvis");
    expect(info?.["protocols"]).to.deep.equal(["activitypub"]);
  });
});
