import { expect } from "chai";
import { commentByUri } from "../../../src/features/comments/comments.js";
import { personById } from "../../../src/features/people/people.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { movesCollection } from "../../../src/federation/moves/record.js";
import { followersCollection } from "../../../src/federation/records.js";
import { aDraft } from "../../support/builders.js";
import { needs } from "../../support/needs.js";
import { aFedifyPeer, standards, type FedifyPeer } from "./fedify.js";
import { aFedifyScene, followAs, type FedifyScene } from "./scene.js";

const everybody = "https://www.w3.org/ns/activitystreams#Public";

for (const [standard, firstKnock] of standards) {
  describe(`who moves from one server made with Fedify to another, both speaking ${standard}`, function () {
    this.timeout(60_000);
    needs("peers");
    let scene: FedifyScene;
    let elsewhere: FedifyPeer;
    before(async () => {
      [scene, elsewhere] = await Promise.all([
        aFedifyScene({ firstKnock, demands: standard }),
        aFedifyPeer({ firstKnock, demands: standard }),
      ]);
    });
    after(async () => {
      await elsewhere?.close();
      await scene?.close();
    });

    const tell = async (from: string, activity: { kind: string; [name: string]: unknown }) => {
      const all = { id: scene.fresh("activities"), tos: [everybody], ...activity };
      await scene.peer.send(from, scene.actors.city, all);
      await scene.settle();
    };
    const move = (name: string): Promise<void> => {
      const object = scene.peer.person(name);
      return tell(name, { kind: "Move", object, target: elsewhere.person(name) });
    };
    const followersOfCity = async (): Promise<string[]> => {
      const rows = scene.town.visitor.collection(followersCollection);
      const found = await rows.find({ actorUri: scene.actors.city }).toArray();
      return found.map(({ followerUri }) => followerUri);
    };
    /** Where the city's boost of a new proposal comes to. */
    const boostsOf = async (uri: string): Promise<number[]> => {
      const counts: number[] = [];
      for (const peer of [scene.peer, elsewhere]) {
        const { heard } = await peer.told();
        counts.push(
          heard.filter((one) => one.kind === "Announce" && one["objectId"] === uri).length,
        );
      }
      return counts;
    };

    it("takes follow, support and comment along, where both accounts name each other", async () => {
      const [former, now] = [scene.peer.person("fedi"), elsewhere.person("fedi")];
      const note = {
        ...{ kind: "Note", id: scene.fresh("notes"), content: "<p>Oui.</p>", tos: [everybody] },
        ...{ attribution: former, replyTarget: scene.proposal.uri },
      };
      await followAs(scene, "fedi", scene.actors.city);
      await tell("fedi", { kind: "Like", object: scene.proposal.uri });
      await tell("fedi", { kind: "Create", object: note });

      await elsewhere.change("fedi", { alias: former });
      await scene.peer.change("fedi", { alias: now, movedTo: now });
      await move("fedi");

      expect(await followersOfCity()).to.deep.equal([now]);
      const { town, proposal } = scene;
      expect((await proposalById(town.visitor, proposal._id))?.counts).to.deep.include({
        ...{ supports: 1, comments: 1 },
      });
      const comment = await commentByUri(town.visitor, note.id);
      expect((await personById(town.visitor, comment?.authorId ?? ""))?.uri).to.equal(now);
    });

    it("hears of new proposals where they are now, and no longer where they were", async () => {
      const { uri } = await publishProposal(scene.author, aDraft({ title: "Une fontaine" }));
      await scene.settle(2_000);

      expect(await boostsOf(uri)).to.deep.equal([0, 1]);
    });

    it("is refused what the new account does not know of: nobody takes another's followers", async () => {
      await followAs(scene, "mallory", scene.actors.city);
      const mallory = scene.peer.person("mallory");
      await scene.peer.change("mallory", { movedTo: elsewhere.person("mallory") });

      await move("mallory");

      expect(await followersOfCity()).to.have.members([elsewhere.person("fedi"), mallory]);
      const moves = scene.town.visitor.collection(movesCollection);
      expect(await moves.countDocuments({ actorUri: mallory })).to.equal(0);
      const { uri } = await publishProposal(scene.author, aDraft({ title: "Un abri" }));
      await scene.settle(2_000);
      expect(await boostsOf(uri)).to.deep.equal([1, 1]);
    });

    it("speaks one standard all the while, and nothing breaks on either side", async () => {
      for (const peer of [scene.peer, elsewhere]) {
        const { sent, received, errors } = await peer.told();
        const posts = sent.filter(({ method }) => method === "POST");
        expect(posts.map(({ status }) => status)).to.deep.equal(posts.map(() => 202));
        expect(posts.every((one) => one.standard === standard)).to.equal(true);
        expect(received.every((one) => one.standard === standard && one.status === 202)).to.equal(
          true,
        );
        expect(errors).to.deep.equal([]);
      }
    });
  });
}
