import { expect } from "chai";
import { commentByUri, publishComment } from "../../../src/features/comments/comments.js";
import {
  forwardReport,
  reportsCollection,
  reportSubject,
} from "../../../src/features/moderation/reports.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { publishResponse } from "../../../src/features/responses/answering.js";
import { giveSupport, takeBackSupport } from "../../../src/features/supports/supports.js";
import { blockersCollection } from "../../../src/federation/blockers.js";
import { linkedInstances } from "../../../src/federation/linking.js";
import { followersCollection, inboxCollection } from "../../../src/federation/records.js";
import type { Ctx, Member, Req } from "../../../src/kit/index.js";
import { aDraft, aReceivedProposal } from "../../support/builders.js";
import { needs } from "../../support/needs.js";
import { standards, type Seen } from "./fedify.js";
import { aFedifyScene, followAs, type FedifyScene } from "./scene.js";

const everybody = "https://www.w3.org/ns/activitystreams#Public";

for (const [standard, firstKnock] of standards) {
  describe(`a town that deals with a server made with Fedify that speaks ${standard}`, function () {
    this.timeout(60_000);
    needs("peers");
    let scene: FedifyScene;
    let citizen: Ctx & { readonly member: Member };
    let council: string;
    before(async () => {
      scene = await aFedifyScene({ firstKnock, demands: standard });
      citizen = await scene.town.newcomer("Sacha");
      await consentToNetwork(citizen);
      council = scene.peer.person("council");
      await followAs(scene, "fedi", scene.actors.city);
    });
    after(() => scene?.close());

    const tell = async (activity: { kind: string; [name: string]: unknown }, to: string) => {
      const id = scene.fresh("activities");
      await scene.peer.send("fedi", to, { id, tos: [everybody], ...activity });
      await scene.settle();
      return id;
    };
    const outcomeOf = async (id: string) => {
      const rows = scene.town.visitor.collection(inboxCollection);
      return (await rows.findOne({ activityUri: id }))?.outcome;
    };
    /** What its listeners heard of a kind, oldest first. */
    const heard = async (kind: string): Promise<Seen[]> =>
      (await scene.peer.told()).heard.filter((one) => one.kind === kind);
    const stateOf = async (target: string) => {
      const links = await linkedInstances(scene.town.visitor);
      return links.find(({ targetUri }) => targetUri === target)?.state;
    };

    it("asks to link, and is answered yes or no by each as they like", async () => {
      const { town, peer } = scene;
      await peer.refuse("closed");
      for (const name of ["council", "closed"]) {
        await town.federation.linkInstance(town.visitor, peer.person(name));
        await scene.settle();
      }

      expect(await stateOf(council)).to.equal("accepted");
      expect(await stateOf(peer.person("closed"))).to.equal("refused");
      const asked = (await heard("Follow")).map(({ actor, objectId }) => [actor, objectId]);
      expect(asked).to.deep.equal([
        [scene.actors.city, council],
        [scene.actors.city, peer.person("closed")],
      ]);
    });

    it("lets a citizen support and comment what is proposed there, and take the support back", async () => {
      const seen = await aProposalThere(scene, council);
      const me = (await consentToNetwork(citizen)).uri;
      await giveSupport(citizen, seen);
      await scene.settle();
      await takeBackSupport(citizen, seen);
      const said = await publishComment(citizen, {
        ...{ proposalId: seen._id, parentId: null, body: "Ici aussi." },
      });
      await scene.settle();

      const [like] = await heard("Like");
      const [undo] = await heard("Undo");
      expect(like).to.include({ actor: me, objectId: seen.uri });
      expect(undo).to.include({ actor: me, objectId: like?.id });
      expect(undo?.["object"]).to.include({ kind: "Like", objectId: seen.uri });
      const created = (await heard("Create")).find(({ objectId }) => objectId === said.uri);
      expect(created?.["object"]).to.include({ kind: "Note", inReplyTo: seen.uri });
    });

    it("ends the link, and the council hears that it is followed no longer", async () => {
      const { town } = scene;
      const links = await linkedInstances(town.visitor);
      const link = links.find(({ targetUri }) => targetUri === council);
      const admin = await town.newcomer("Ada", "admin");
      const end = town.federation.feature.routes.find(({ path }) => path.endsWith("/:id/end"));
      await end?.handler(admin, { params: { id: link?._id ?? "" } } as unknown as Req);
      await scene.settle();

      const undo = (await heard("Undo")).at(-1);
      expect(undo).to.include({ actor: scene.actors.city, objectId: link?.followUri });
      expect(undo?.["object"]).to.include({ kind: "Follow", objectId: council });
      expect(await stateOf(council)).to.equal(undefined);
    });

    it("tells which answers the city pins, and which make room", async () => {
      const mayor = await scene.town.newcomer("Adjointe", "official");
      const answers: string[] = [];
      for (const title of ["Un banc", "Un abri", "Un préau", "Un kiosque"]) {
        const { _id: proposalId } = await publishProposal(scene.author, aDraft({ title }));
        const words = { office: "Voirie", decision: "accepted", body: "Oui." } as const;
        await scene.settle(2_000);
        answers.push((await publishResponse(mayor, { ...words, proposalId, milestones: [] })).uri);
        await scene.settle(2_000);
      }

      const featured = `${scene.actors.city}/featured`;
      const [added, removed] = [await heard("Add"), await heard("Remove")];
      expect(added.map(({ objectId }) => objectId)).to.deep.equal(answers);
      expect(removed.map(({ objectId }) => objectId)).to.deep.equal([answers[0]]);
      expect([...added, ...removed].every(({ targetId }) => targetId === featured)).to.equal(true);
    });

    it("passes a report on to the server of who wrote, and takes reports from there", async () => {
      const id = scene.fresh("notes");
      const me = scene.peer.person("fedi");
      const note = {
        ...{ kind: "Note", id, content: "<p>Grossier.</p>", attribution: me },
        ...{ replyTarget: scene.proposal.uri, tos: [everybody] },
      };
      await tell({ kind: "Create", object: note }, scene.actors.proposal);
      const comment = await commentByUri(scene.town.visitor, id);
      const subject = { kind: "comment", id: comment?._id ?? "" } as const;
      await reportSubject(citizen, { subject, why: "abuse", words: "Il m’insulte." });
      const rows = scene.town.visitor.collection(reportsCollection);
      const row = await rows.findOne({ state: "open" });
      await forwardReport(
        await scene.town.newcomer("Noa", "moderator"),
        row?._id ?? "",
        "Injures.",
      );
      await scene.settle();
      await tell(
        { kind: "Flag", objects: [scene.actors.city, scene.proposal.uri], content: "<p>Faux.</p>" },
        scene.actors.city,
      );

      const [flag] = await heard("Flag");
      expect(flag).to.deep.include({ objectIds: [me, id], content: "Injures." });
      expect(flag?.actor).to.equal(`${scene.town.origin}/actor/instance`);
      const taken = await rows.findOne({ subjectKey: `proposal/${scene.proposal._id}` });
      expect(taken).to.include({ words: "Faux.", state: "open" });
    });

    it("tells somebody who blocks it nothing more, until they lift it and follow again", async () => {
      const { city } = scene.actors;
      const object = { kind: "Block", actor: scene.peer.person("fedi"), object: city };
      const blockers = scene.town.visitor.collection(blockersCollection);
      const followers = scene.town.visitor.collection(followersCollection);
      const own = { actorUri: city };
      const id = await tell(object, city);
      expect(await blockers.countDocuments(own)).to.equal(1);
      expect(await followers.countDocuments(own)).to.equal(0);
      const accepted = (await heard("Accept")).length;
      await followAs(scene, "fedi", city);
      expect((await heard("Accept")).length).to.equal(accepted);

      await tell({ kind: "Undo", object: { ...object, id } }, city);
      await followAs(scene, "fedi", city);

      expect(await blockers.countDocuments(own)).to.equal(0);
      expect(await followers.countDocuments(own)).to.equal(1);
      expect((await heard("Accept")).length).to.equal(accepted + 1);
    });

    it("takes what somebody pins to their own profile, and does nothing with it", async () => {
      const target = `${scene.peer.person("fedi")}/featured`;
      for (const kind of ["Add", "Remove"]) {
        const id = await tell({ kind, object: scene.fresh("notes"), target }, scene.actors.city);
        expect(await outcomeOf(id), kind).to.equal("recorded");
      }
    });

    it("speaks one standard all the while, and everything is signed, proven and heard", async () => {
      const { sent, received, heard: all, errors } = await scene.peer.told();
      const posts = sent.filter(({ method }) => method === "POST");

      expect(posts.filter((one) => one.status !== 202 || one.standard !== standard)).to.deep.equal(
        [],
      );
      expect(received).to.have.length.above(15);
      for (const one of received) {
        expect(one, one.type).to.include({ status: 202, standard, isProven: true });
        expect(one.signedBy, one.type).to.equal(one.document["actor"]);
      }
      expect(all.map(({ id }) => id)).to.have.members(received.map(({ id }) => id));
      expect(errors).to.deep.equal([]);
    });
  });
}

/** A proposal of a council there, as the town has heard of it. */
async function aProposalThere({ town, peer }: FedifyScene, actorUri: string) {
  const received = aReceivedProposal({ uri: `${peer.origin}/proposals/7` });
  if (received.elsewhere === null) throw new Error("it is not from elsewhere");
  const elsewhere = { ...received.elsewhere, actorUri };
  const seen = await receiveProposal(town.visitor, { ...received, elsewhere });
  if (seen === null) throw new Error("it was not taken");
  return seen;
}
