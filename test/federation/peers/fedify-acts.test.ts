import { expect } from "chai";
import { commentByUri } from "../../../src/features/comments/comments.js";
import { personByUri } from "../../../src/features/people/people.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { needs } from "../../support/needs.js";
import { standards } from "./fedify.js";
import { aFedifyScene, followAs, type FedifyScene } from "./scene.js";

const everybody = "https://www.w3.org/ns/activitystreams#Public";

for (const [standard, firstKnock] of standards) {
  describe(`people of a server made with Fedify that signs with ${standard} first`, function () {
    this.timeout(60_000);
    needs("peers");
    let scene: FedifyScene;
    before(async () => {
      scene = await aFedifyScene({ firstKnock });
    });
    after(() => scene?.close());

    const counts = async () => (await proposalById(scene.town.visitor, scene.proposal._id))?.counts;
    const note = (id: string, content: string, change: object = {}) => ({
      ...{ kind: "Note", id, content, attribution: scene.peer.person("fedi") },
      ...{ replyTarget: scene.proposal.uri, tos: [everybody], ...change },
    });
    const tell = async (activity: { kind: string; [name: string]: unknown }, shared = false) => {
      const id = scene.fresh("activities");
      const all = { id, tos: [everybody], ...activity };
      await scene.peer.send("fedi", scene.actors.proposal, all, shared);
      await scene.settle();
      return id;
    };

    it("follow the city, a topic and a proposal, and are accepted each time they ask", async () => {
      const { city, topic, proposal } = scene.actors;
      const asked: string[] = [];
      for (const actor of [city, topic, proposal, proposal]) {
        asked.push(await followAs(scene, "fedi", actor));
      }

      const { heard } = await scene.peer.told();
      const accepted = heard.filter(({ kind }) => kind === "Accept");
      expect(accepted.map(({ objectId }) => objectId)).to.deep.equal(asked);
      expect(accepted.map(({ actor }) => actor)).to.deep.equal([city, topic, proposal, proposal]);
    });

    it("support a proposal, take it back by the id of their Like, and by its object", async () => {
      const object = scene.proposal.uri;
      const like = await tell({ kind: "Like", object });
      expect((await counts())?.supports).to.equal(1);
      const actor = scene.peer.person("fedi");
      await tell({ kind: "Undo", object: { kind: "Like", id: like, actor, object } });
      expect((await counts())?.supports).to.equal(0);
      await tell({ kind: "Like", object }, true);
      expect((await counts())?.supports).to.equal(1);
      const other = scene.fresh("forgotten");
      await tell({ kind: "Undo", object: { kind: "Like", id: other, actor, object } });
      expect((await counts())?.supports).to.equal(0);
    });

    it("reply, edit and delete what they wrote", async () => {
      const id = scene.fresh("notes");
      const hostile = "<p>Bonne <strong>idée</strong><script>alert(1)</script></p>";
      await tell({ kind: "Create", object: note(id, hostile) }, true);
      const comment = await commentByUri(scene.town.visitor, id);
      expect(comment?.html).to.contain("<strong>idée</strong>").and.not.contain("script");
      expect((await counts())?.comments).to.equal(1);

      const updated = new Date(Date.now() + 1_000).toISOString();
      await tell({ kind: "Update", object: note(id, "<p>Meilleure idée</p>", { updated }) });
      expect((await commentByUri(scene.town.visitor, id))?.body).to.equal("Meilleure idée");

      await tell({ kind: "Delete", object: { kind: "Tombstone", id } });
      expect((await commentByUri(scene.town.visitor, id))?.state).to.equal("deleted");
      expect((await counts())?.comments).to.equal(0);
    });

    it("boost a proposal and take the boost back", async () => {
      const shares = async () => (await scene.peer.read("fedi", scene.proposal.uri))["shares"];
      const object = scene.proposal.uri;
      const boost = await tell({ kind: "Announce", object });
      expect(await shares()).to.equal(1);
      const actor = scene.peer.person("fedi");
      await tell({ kind: "Undo", object: { kind: "Announce", id: boost, actor, object } });
      expect(await shares()).to.equal(0);
    });

    it("change their name, and are called by it", async () => {
      const me = scene.peer.person("fedi");
      await tell({ kind: "Like", object: scene.proposal.uri });
      await scene.peer.change("fedi", { name: "Fédérica" });
      const face = { kind: "Person", id: me, preferredUsername: "fedi", name: "Fédérica" };
      await tell({ kind: "Update", object: face });

      expect((await personByUri(scene.town.visitor, me))?.name).to.equal("Fédérica");
    });

    it("stop following, and are no longer counted", async () => {
      const { topic } = scene.actors;
      const followers = async () =>
        (await scene.peer.read("fedi", `${topic}/followers`))["totalItems"];
      const id = await followAs(scene, "neighbour", topic);
      const before = Number(await followers());
      const actor = scene.peer.person("neighbour");
      const object = { kind: "Follow", id, actor, object: topic };
      const undo = { kind: "Undo", id: scene.fresh("undos"), object };
      await scene.peer.send("neighbour", topic, undo);
      await scene.settle();

      expect(await followers()).to.equal(before - 1);
    });

    it("delete their account, and leave nothing but their place", async () => {
      const me = scene.peer.person("fedi");
      const id = scene.fresh("notes");
      await tell({ kind: "Create", object: note(id, "<p>Un dernier mot</p>") });
      await tell({ kind: "Delete", object: me });

      expect((await personByUri(scene.town.visitor, me))?.erasedAt).to.not.equal(null);
    });

    it("need to knock only once, with nothing refused and nothing broken", async () => {
      const { sent, errors, received } = await scene.peer.told();
      const posts = sent.filter(({ method }) => method === "POST");

      expect(posts.map(({ status }) => status)).to.deep.equal(posts.map(() => 202));
      expect([...new Set(posts.map((one) => one.standard))]).to.deep.equal([standard]);
      expect(errors).to.deep.equal([]);
      expect(received.every(({ status }) => status === 202)).to.equal(true);
    });
  });
}
