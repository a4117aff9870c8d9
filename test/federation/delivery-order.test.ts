import { expect } from "chai";
import {
  deleteComment,
  editComment,
  publishComment,
} from "../../src/features/comments/comments.js";
import type { Comment } from "../../src/features/comments/comment.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { activitiesCollection, followingCollection } from "../../src/federation/records.js";
import type { Ctx, Req } from "../../src/kit/index.js";
import { aDraft } from "../support/builders.js";
import { aGate, until } from "../drivers/queue.conformance.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const minutes = 60_000;

describe("what is told of one thing", function () {
  this.timeout(30_000);
  let town: Town;
  let peer: Peer;
  let citizen: Ctx;
  let proposalId: string;

  beforeEach(async () => {
    [town, peer] = [await aTown(), await aPeer()];
    citizen = await town.newcomer();
    await consentToNetwork(citizen);
    const proposal = await publishProposal(citizen, aDraft());
    proposalId = proposal._id;
    await town.settle();
    const follower = await peer.actor("a");
    await peer.post(town, follower, peer.activity(follower, "Follow", `${proposal.uri}/actor`));
    await town.settle();
    peer.received.length = 0;
  });
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const said = (body: string): Promise<Comment> =>
    publishComment(citizen, { proposalId, parentId: null, body });

  /** What came about comments, in the order in which it came. */
  const came = (): string[] =>
    peer
      .inboxed()
      .filter(({ object }) => String((object as { id?: string }).id).includes("/comments/"))
      .map(({ type, object }) => {
        const { content = "" } = object as { content?: string };
        return `${type as string} ${content.replace(/<[^>]+>/g, "")}`.trim();
      });

  const later = async (ms: number, times = 1): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      town.clock.advance(ms);
      await town.settle();
    }
  };

  it("reaches an inbox in its order, whatever fails in between", async () => {
    peer.answers.push(503);
    const comment = await said("Un.");
    await town.settle();
    await editComment(citizen, comment._id, { body: "Deux." });
    await town.settle();
    expect(came()).to.deep.equal(["Create Un."]);

    await later(2_000);
    expect(came()).to.deep.equal(["Create Un."]);
    await later(minutes, 2);

    expect(came()).to.deep.equal(["Create Un.", "Create Un.", "Update Deux."]);
  });

  it("is told as it is now, once, where older changes still wait", async () => {
    const comment = await said("Un.");
    await town.settle();
    peer.answers.push(503);
    await editComment(citizen, comment._id, { body: "Deux." });
    await town.settle();
    await later(1);
    await editComment(citizen, comment._id, { body: "Trois." });
    await town.settle();
    await later(minutes, 4);

    expect(came()).to.deep.equal(["Create Un.", "Update Deux.", "Update Trois."]);
  });

  it("is not made again after it was deleted, nor sent late by another worker", async () => {
    const gate = aGate();
    peer.hold = gate.opened;
    const comment = await said("Un.");
    await until(() => came().length === 1);
    await deleteComment(citizen, comment._id);
    await until(async () => (await town.queue.counts("delivery")).delayed === 1);
    expect(came()).to.deep.equal(["Create Un."]);

    gate.open();
    await town.settle();
    await later(2_000);

    expect(came()).to.deep.equal(["Create Un.", "Delete"]);
  });

  it("goes on with its changes where its beginning was refused for good", async () => {
    peer.answers.push(403);
    const comment = await said("Un.");
    await town.settle();
    await editComment(citizen, comment._id, { body: "Deux." });
    await town.settle();

    expect(came()).to.deep.equal(["Create Un.", "Update Deux."]);
  });

  it("waits with its changes until its beginning is handed out", async () => {
    const comment = await said("Un.");
    await town.settle();
    const rows = town.visitor.collection(activitiesCollection);
    const create = { objectUri: comment.uri, type: "Create" };
    await rows.updateOne(create, { $set: { fannedOutAt: null } });

    await editComment(citizen, comment._id, { body: "Deux." });
    await town.settle();
    await later(2_000);
    expect(came()).to.deep.equal(["Create Un."]);
    await rows.updateOne(create, { $set: { fannedOutAt: town.clock.now() } });
    await later(2_000);

    expect(came()).to.deep.equal(["Create Un.", "Update Deux."]);
  });

  it("is told once a span of time, however often its figures move in it", async () => {
    for (const body of ["Un.", "Deux.", "Trois."]) {
      await said(body);
      await town.settle();
    }
    await later(15_000, 2);

    const told = peer
      .inboxed("Update")
      .map(({ object }) => object as { id: string; replies?: object })
      .filter(({ id }) => id.includes("/proposals/"));
    expect(told).to.have.length(1);
    expect(told[0]?.replies).to.deep.include({ totalItems: 3 });
  });

  describe("when it is asked, taken back and asked again", () => {
    const links = () => town.visitor.collection(followingCollection);
    const follows = (): string[] =>
      peer
        .inboxed()
        .filter(({ type }) => type === "Follow" || type === "Undo")
        .map(({ type }) => type as string);

    const link = async (): Promise<void> => {
      await town.federation.linkInstance(town.visitor, `${peer.origin}/users/hall`);
    };

    const unlink = async (): Promise<void> => {
      const row = await links().findOne({ targetUri: `${peer.origin}/users/hall` });
      const admin = await town.newcomer("Ada", "admin");
      const end = town.federation.feature.routes.find(({ path }) => path.endsWith("/:id/end"));
      await end?.handler(admin, { params: { id: row?._id ?? "" } } as unknown as Req);
    };

    it("is not asked any more where it never arrived", async () => {
      await peer.actor("hall", { type: "Organization" });
      peer.answers.push(503);
      await link();
      await town.settle();
      await unlink();
      await later(minutes, 3);

      expect(follows()).to.deep.equal(["Follow", "Undo"]);
    });

    it("is asked again only after the taking back that is under way", async () => {
      await peer.actor("hall", { type: "Organization" });
      await link();
      await town.settle();
      const gate = aGate();
      peer.hold = gate.opened;
      await unlink();
      await until(() => follows().length === 2);
      await link();
      await until(async () => (await town.queue.counts("delivery")).delayed === 1);

      gate.open();
      await town.settle();
      await later(2_000);

      expect(follows()).to.deep.equal(["Follow", "Undo", "Follow"]);
    });

    it("is not taken back late, when it was asked again meanwhile", async () => {
      await peer.actor("hall", { type: "Organization" });
      await link();
      await town.settle();
      peer.answers.push(503);
      await unlink();
      await town.settle();
      await link();
      await later(minutes, 3);

      expect(follows()).to.deep.equal(["Follow", "Undo", "Follow"]);
    });
  });
});
