import { expect } from "chai";
import {
  deleteComment,
  editComment,
  publishComment,
} from "../../../src/features/comments/comments.js";
import {
  consentToNetwork,
  leaveNetwork,
  renamePerson,
} from "../../../src/features/people/people.js";
import {
  editProposal,
  publishProposal,
  withdrawProposal,
} from "../../../src/features/proposals/publishing.js";
import {
  editResponse,
  publishResponse,
  reachMilestone,
} from "../../../src/features/responses/answering.js";
import { responseById } from "../../../src/features/responses/responses.js";
import { linkedInstances } from "../../../src/federation/linking.js";
import type { Ctx, Member } from "../../../src/kit/index.js";
import { aDraft } from "../../support/builders.js";
import { needs } from "../../support/needs.js";
import type { Judged, Seen, Standard } from "./fedify.js";
import { aFedifyScene, followAs, type FedifyScene } from "./scene.js";

const demanded: readonly Standard[] = ["cavage", "rfc9421"];
const soon = 2_000;

for (const demands of demanded) {
  describe(`a server made with Fedify that understands ${demands} alone`, function () {
    this.timeout(60_000);
    needs("peers");
    let scene: FedifyScene;
    let citizen: Ctx & { readonly member: Member };
    let mayor: Ctx & { readonly member: Member };
    before(async () => {
      scene = await aFedifyScene({ firstKnock: "rfc9421", demands });
      mayor = await scene.town.newcomer("Adjointe", "official");
      citizen = await scene.town.newcomer("Sacha");
      await consentToNetwork(citizen);
      for (const actor of Object.values(scene.actors)) await followAs(scene, "fedi", actor);
    });
    after(() => scene?.close());

    let readSoFar = 0;
    /** What its listeners heard since last asked, once the town has done what it had to. */
    const news = async (): Promise<Seen[]> => {
      await scene.settle(soon);
      const { heard } = await scene.peer.told();
      const fresh = heard.slice(readSoFar);
      readSoFar = heard.length;
      return fresh;
    };
    const named = (all: readonly Seen[]): string[] =>
      all.map(({ kind, object }) => `${kind} ${(object as Seen | null)?.kind ?? ""}`.trim());
    /** What was last heard about something; figures of other things may come at any time. */
    const about = (all: readonly Seen[], kind: string, uri: string): Seen | undefined =>
      all.findLast((one) => one.kind === kind && one["objectId"] === uri);
    const objectIn = (all: readonly Seen[], kind: string, uri: string): Seen =>
      about(all, kind, uri)?.["object"] as Seen;

    it("hears of a new proposal: from its own actor, boosted by city and topic", async () => {
      await news();
      const { uri } = await publishProposal(
        scene.author,
        aDraft({ title: "Un banc au parc", topicId: scene.topic._id }),
      );
      const heard = await news();

      const boosters = heard.filter(
        ({ kind, objectId }) => kind === "Announce" && objectId === uri,
      );
      const { city, topic } = scene.actors;
      expect(boosters.map(({ actor }) => actor)).to.have.members([city, topic]);
    });

    it("reads an edited proposal, with its figures, tags and place", async () => {
      const { proposal, actors, author } = scene;
      const title = "Des tilleuls devant l’école";
      await editProposal(author, proposal.number, {
        ...aDraft({ title, topicId: scene.topic._id, place: proposal.place }),
        version: 1,
      });
      const heard = await news();

      const note = objectIn(heard, "Update", proposal.uri);
      expect(note).to.include({ kind: "Note", id: proposal.uri, attributedTo: actors.proposal });
      expect(note).to.include({ name: null, summary: null, replies: 0, likes: 0, shares: 0 });
      expect(note["content"]).to.contain(`<h2>${title}</h2>`);
      expect(note["updated"]).to.be.a("string");
      expect(note["tags"]).to.have.deep.nested.property("[0].kind", "Hashtag");
      expect(note["location"]).to.deep.equal({ name: "École Jean-Moulin", latitude: 45.2 });
    });

    it("reads comments as they come, change and go", async () => {
      const input = {
        proposalId: scene.proposal._id,
        parentId: null,
        body: "Très **bonne** idée.",
      };
      const { _id, uri } = await publishComment(citizen, input);
      const created = objectIn(await news(), "Create", uri);
      await editComment(citizen, _id, { body: "Excellente idée." });
      const updated = objectIn(await news(), "Update", uri);
      await deleteComment(citizen, _id);
      const deleted = about(await news(), "Delete", uri);

      expect(created).to.include({ kind: "Note", id: uri, inReplyTo: scene.proposal.uri });
      expect(created["content"]).to.contain("<strong>bonne</strong>");
      expect(created["tags"]).to.have.deep.nested.property("[0].href", scene.actors.proposal);
      expect(updated["content"]).to.contain("Excellente");
      expect(deleted?.["objectId"]).to.equal(uri);
      expect(deleted?.["object"]).to.include({ kind: "Tombstone" });
    });

    it("reads the official answer, its change and its steps, and how the proposal stands", async () => {
      const answer = { office: "Espaces verts", decision: "accepted", body: "Oui." } as const;
      const response = await publishResponse(mayor, {
        ...{ ...answer, proposalId: scene.proposal._id },
        milestones: [{ title: "Étude des sols", due: null }],
      });
      const first = await news();
      const milestones = response.milestones.map(({ _id, title, due }) => ({ _id, title, due }));
      await editResponse(mayor, response._id, {
        ...{ ...answer, decision: "planned", milestones, editedAt: response.editedAt },
      });
      const second = await news();
      const step = (await responseById(mayor, response._id))?.milestones[0]?._id ?? "";
      await reachMilestone(mayor, response._id, step);
      const third = await news();

      expect(named(first)).to.include.members(["Announce Note", "Create Note", "Update Note"]);
      const told = objectIn(first, "Create", response.uri);
      expect(told).to.include({ id: response.uri, attributedTo: scene.actors.city });
      expect(told["inReplyTo"]).to.equal(scene.proposal.uri);
      expect(named(second)).to.include.members(["Create Note", "Update Note"]);
      expect(named(third)).to.include.members(["Create Note", "Update Note"]);
    });

    it("hears that somebody changed their name, and that they left", async () => {
      const me = (await consentToNetwork(citizen)).uri;
      if (me === null) throw new Error("nobody");
      await followAs(scene, "fedi", me);
      await news();
      await renamePerson(citizen, { name: "Sacha B.", about: "J’aime les arbres." });
      const renamed = about(await news(), "Update", me);
      await leaveNetwork(citizen);
      const left = about(await news(), "Delete", me);

      expect(renamed?.["object"]).to.include({ kind: "Person", id: me, name: "Sacha B." });
      expect(left).to.include({ actor: me, objectId: me });
    });

    it("is asked to link, accepts, and is linked", async () => {
      await scene.town.federation.linkInstance(scene.town.visitor, scene.peer.person("council"));
      await scene.settle();

      const [link] = await linkedInstances(scene.town.visitor);
      expect(link).to.include({ state: "accepted", targetUri: scene.peer.person("council") });
    });

    it("hears that a proposal was withdrawn", async () => {
      await news();
      const other = await publishProposal(scene.author, aDraft({ title: "Une fontaine" }));
      await scene.settle();
      await followAs(scene, "fedi", `${other.uri}/actor`);
      await news();
      await withdrawProposal(scene.author, other.number ?? 0);

      expect(named(await news())).to.include.members(["Create Note", "Update Note"]);
    });

    it("verifies every signature and every proof, and gives every activity to its listeners", async () => {
      const { received, heard, errors } = await scene.peer.told();
      const actorOf = ({ document }: Judged): unknown => document["actor"];

      expect(received).to.have.length.above(15);
      expect(received.filter(({ status }) => status !== 202)).to.deep.equal([]);
      expect(
        received.filter((one) => one.signedBy !== actorOf(one)).map(({ id }) => id),
      ).to.deep.equal([]);
      expect(received.filter(({ isProven }) => !isProven)).to.deep.equal([]);
      expect([...new Set(received.map(({ standard }) => standard))]).to.deep.equal([demands]);
      expect(heard.map(({ id }) => id)).to.have.members(received.map(({ id }) => id));
      expect(errors).to.deep.equal([]);
    });
  });
}
