import { expect } from "chai";
import { deleteComment, publishComment } from "../../../src/features/comments/comments.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { publishProposal, withdrawProposal } from "../../../src/features/proposals/publishing.js";
import type { Ctx, Member } from "../../../src/kit/index.js";
import { aDraft } from "../../support/builders.js";
import { needs } from "../../support/needs.js";
import { standards, type Seen } from "./fedify.js";
import { aFedifyScene, type FedifyScene } from "./scene.js";

const everybody = "https://www.w3.org/ns/activitystreams#Public";

/** A quote that was asked for, and the answer. */
interface Asked {
  readonly quoting: string;
  readonly quoted: string;
  readonly request: string;
  readonly answer: Seen;
}

for (const [standard, firstKnock] of standards) {
  describe(`who quotes on a server made with Fedify that speaks ${standard}`, function () {
    this.timeout(60_000);
    needs("peers");
    let scene: FedifyScene;
    let citizen: Ctx & { readonly member: Member };
    before(async () => {
      scene = await aFedifyScene({ firstKnock, demands: standard });
      citizen = await scene.town.newcomer("Sacha");
      await consentToNetwork(citizen);
    });
    after(() => scene?.close());

    const heard = async (kind: string): Promise<Seen[]> =>
      (await scene.peer.told()).heard.filter((one) => one.kind === kind);
    const tell = async (to: string, activity: { kind: string; [name: string]: unknown }) => {
      const id = scene.fresh("requests");
      await scene.peer.send("fedi", to, { id, tos: [everybody], ...activity });
      await scene.settle();
      return id;
    };
    /** Publish a post that quotes, and ask whether it may, as Mastodon does. */
    const ask = async (quoted: string, author: string): Promise<Asked> => {
      const quoting = scene.fresh("notes");
      const note = {
        ...{ kind: "Note", id: quoting, attribution: scene.peer.person("fedi") },
        ...{ content: "<p>À lire.</p>", quote: quoted, tos: [everybody] },
      };
      await scene.peer.publish(quoting.split("/").at(-1) ?? "", note);
      const request = await tell(author, {
        kind: "QuoteRequest",
        object: quoted,
        instrument: note,
      });
      const answers = [...(await heard("Accept")), ...(await heard("Reject"))];
      const answer = answers.find(({ objectId }) => objectId === request);
      if (answer === undefined) throw new Error("there was no answer");
      return { quoting, quoted, request, answer };
    };
    const stands = ({ quoting, quoted, answer }: Asked): Promise<string> => {
      const authorization = String(answer["resultId"]);
      return scene.peer.quoteStands("fedi", { quoting, quoted, authorization });
    };

    const comment = async (by: Ctx = citizen) => {
      const words = { proposalId: scene.proposal._id, parentId: null, body: "Oui." };
      const said = await publishComment(by, words);
      await scene.settle();
      return said;
    };

    it("is told that a proposal may be quoted, gets leave by its actor, and finds that it stands", async () => {
      const { uri } = scene.proposal;
      const before = await scene.peer.read("fedi", uri);
      const asked = await ask(uri, scene.actors.proposal);

      expect(before["canQuote"]).to.deep.equal([everybody]);
      expect(asked.answer).to.include({ kind: "Accept", actor: scene.actors.proposal });
      const { received } = await scene.peer.told();
      expect(received.find(({ id }) => id === asked.answer.id)?.document["object"]).to.include({
        ...{ type: "QuoteRequest", id: asked.request, instrument: asked.quoting },
        ...{ actor: scene.peer.person("fedi"), object: uri },
      });
      expect(await stands(asked)).to.equal("stands");
      const signed = await scene.peer.read("fedi", String(asked.answer["resultId"]));
      expect(signed).to.include({
        kind: "QuoteAuthorization",
        quoting: asked.quoting,
        quoted: uri,
      });
    });

    it("finds that leave for one post is leave for no other", async () => {
      const asked = await ask(scene.proposal.uri, scene.actors.proposal);
      const said = await comment();

      expect(await stands({ ...asked, quoting: scene.fresh("notes") })).to.equal(
        "about another quoting post",
      );
      expect(await stands({ ...asked, quoted: said.uri })).to.equal(
        "not by the author of what is quoted",
      );
    });

    it("loses it when the quoted comment is deleted, and hears so", async () => {
      const said = await comment();
      const asked = await ask(said.uri, scene.actors.city);
      expect(await stands(asked)).to.equal("stands");

      await deleteComment(citizen, said._id);
      await scene.settle();

      expect(await stands(asked)).to.equal("no authorisation");
      const revoked = (await heard("Delete")).map(({ actor, objectId }) => [actor, objectId]);
      expect(revoked).to.deep.include([asked.answer["actor"], asked.answer["resultId"]]);
    });

    it("loses it when the proposal is taken back, and gets none any more", async () => {
      const proposal = await publishProposal(scene.author, aDraft({ title: "Une fontaine" }));
      await scene.settle();
      const actor = `${proposal.uri}/actor`;
      const asked = await ask(proposal.uri, actor);

      await withdrawProposal(scene.author, proposal.number ?? 0);
      await scene.settle();

      expect(await stands(asked)).to.equal("no authorisation");
      expect((await ask(proposal.uri, actor)).answer).to.include({ kind: "Reject", actor });
    });

    it("loses it by deleting the post that quotes", async () => {
      const asked = await ask(scene.proposal.uri, scene.actors.proposal);

      await tell(scene.actors.proposal, {
        kind: "Delete",
        object: { kind: "Tombstone", id: asked.quoting },
      });

      expect(await stands(asked)).to.equal("no authorisation");
    });

    it("is refused what somebody said to this town alone", async () => {
      const silent = await comment(await scene.town.newcomer("Noa"));

      const { answer } = await ask(silent.uri, scene.actors.city);

      expect(answer).to.include({ kind: "Reject", resultId: null });
    });

    it("speaks one standard all the while, and every answer is signed and proven", async () => {
      const { sent, received, errors } = await scene.peer.told();
      const posts = sent.filter(({ method }) => method === "POST");

      expect(posts.filter((one) => one.status !== 202 || one.standard !== standard)).to.deep.equal(
        [],
      );
      expect(received).to.have.length.above(7);
      for (const one of received) {
        expect(one).to.include({ status: 202, standard, isProven: true });
        expect(one.signedBy).to.equal(one.document["actor"]);
      }
      expect(errors).to.deep.equal([]);
    });
  });
}
