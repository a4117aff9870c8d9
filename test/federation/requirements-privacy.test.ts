import { expect } from "chai";
import { publishComment } from "../../src/features/comments/comments.js";
import { reportsCollection } from "../../src/features/moderation/reports.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { activitiesCollection, inboxCollection } from "../../src/federation/records.js";
import { aDraft } from "../support/builders.js";
import { aSite } from "../support/site.js";
import { asTown, textOf, untilSettled } from "./support/network.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aScene } from "./support/scene.js";
import { closeTowns } from "./support/town.js";

const as2 = { accept: "application/activity+json" };

describe("what nobody but those whom it concerns may read or say", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("a Flag is read by moderators alone, on no page, in no inbox and no outbox (requirement 21, S17)", async () => {
    const site = await aSite();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const camille = await site.signedIn("Camille");
    const proposal = await publishProposal(site.as(camille.member), aDraft());
    const flag = peer.activity(alice, "Flag", proposal.uri, { content: "Propos-secrets" });
    await peer.post(asTown(site), alice, flag);
    await untilSettled(site);
    expect(await site.ctx.collection(reportsCollection).countDocuments({})).to.equal(1);

    const paths = ["/inbox", "/actor/inbox", "/actor/outbox", "/actor/outbox?page=1"];
    const own = ["", "/actor", "/actor/inbox", "/actor/outbox", "/actor/outbox?page=1", "/replies"];
    const asked = [...paths, ...own.map((end) => `/proposals/1${end}`)];
    for (const path of asked) {
      const answer = await fetch(site.origin + path, { headers: as2 });
      if (path.endsWith("inbox")) expect(answer.status, path).to.equal(403);
      expect(await answer.text(), path).not.to.match(/Propos-secrets|Flag/);
    }
    for (const path of ["/admin/moderation", "/admin/moderation/reports", "/proposals/1"]) {
      const page = await camille.open(path);
      expect(textOf(page.text), path).not.to.contain("Propos-secrets");
    }
    const noa = await site.signedIn("Noa", "moderator");
    expect(textOf((await noa.open("/admin/moderation/reports")).text)).to.contain("Propos-secrets");
    await site.close();
  });

  it("nobody says anything through an outbox, as themselves or as somebody else (requirement 12, S6)", async () => {
    const { town, peer, alice, proposal } = await aScene();
    const citizen = await town.newcomer("Sacha");
    const { uri } = await consentToNetwork(citizen);
    await town.settle();
    const rows = town.visitor.collection(activitiesCollection);
    const before = await rows.countDocuments({});
    const bob = `${town.origin}/actor`;
    for (const outbox of [`${uri}/outbox`, `${bob}/outbox`, `${proposal.uri}/actor/outbox`]) {
      const path = outbox.slice(town.origin.length);
      for (const object of [
        { type: "Note", content: "<p>Bonjour</p>" },
        { type: "Note", content: "<p>Bonjour</p>", attributedTo: bob, id: `${bob}/notes/1` },
      ]) {
        const activity = peer.activity(alice, "Create", object, { actor: bob });
        expect((await peer.post(town, alice, activity, { path })).status, path).to.equal(405);
      }
    }
    await town.settle();

    expect(await rows.countDocuments({})).to.equal(before);
    expect(await town.visitor.collection(inboxCollection).countDocuments({})).to.equal(0);
  });

  it("what is said here names its own author, as activity and as Note, by an id of ours (requirement 12, S6)", async () => {
    const { town, proposal } = await aScene();
    const citizen = await town.newcomer("Sacha");
    const { uri } = await consentToNetwork(citizen);
    const forged = { actor: `${town.origin}/actor`, attributedTo: `${town.origin}/actor`, id: "x" };
    const said = { proposalId: proposal._id, parentId: null, body: "Oui." };
    await publishComment(citizen, { ...said, ...forged });
    await town.settle();

    const told = await town.visitor.collection(activitiesCollection).find({}).toArray();
    expect(told.filter(({ actorUri }) => actorUri === uri)).to.have.length(1);
    for (const { body, actorUri, uri: id } of told) {
      const activity = JSON.parse(body) as Record<string, unknown>;
      expect(activity).to.include({ id, actor: actorUri });
      expect(id.startsWith(`${town.origin}/activities/`)).to.equal(true);
      if (activity["type"] !== "Create") continue;
      expect(activity["object"]).to.include({ attributedTo: actorUri });
    }
  });

  it("nobody has us read something for them: there is no proxy (requirement 12, S7)", async () => {
    const site = await aSite();
    const peer = await aPeer();
    const alice = await peer.actor("alice");
    const note = peer.note(alice, { to: [alice.uri], content: "<p>Propos-secrets</p>" });
    peer.documents.set(new URL(String(note["id"])).pathname, note);
    for (const path of ["/proxy", "/actor/proxy", "/proxyUrl"]) {
      const body = new URLSearchParams({ id: String(note["id"]), "id[_meta][collection]": "x" });
      const answer = await fetch(site.origin + path, { method: "POST", body, headers: as2 });
      expect(answer.status, path).to.be.oneOf([403, 404, 405, 406]);
      expect(await answer.text(), path).not.to.contain("Propos-secrets");
    }

    expect(peer.received).to.deep.equal([]);
    const actor = await fetch(`${site.origin}/actor`, { headers: as2 });
    const { endpoints } = (await actor.json()) as { endpoints: object };
    expect(Object.keys(endpoints)).to.deep.equal(["sharedInbox"]);
    await site.close();
  });
});
