import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { commentByUri, commentsCollection } from "../../src/features/comments/comments.js";
import { personByUri } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { proposalById } from "../../src/features/proposals/proposals.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import {
  followersCollection,
  followingCollection,
  inboxCollection,
} from "../../src/federation/records.js";
import { quotesCollection } from "../../src/federation/quotes/record.js";
import { aDraft } from "../support/builders.js";
import { aMortal, type Mortal } from "./support/mortal.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const minutes = 60_000;

describe("a city that is killed after any of its writes while it receives", function () {
  this.timeout(110_000);
  let mortal: Mortal;
  let town: Town;
  let peer: Peer;
  let linked: Peer;
  let hall: PeerActor;
  let proposal: Proposal;

  beforeEach(async () => {
    mortal = aMortal();
    town = await aTown({ storeThrough: mortal.through });
    [peer, linked] = [await aPeer(), await aPeer()];
    hall = await linked.actor("hall", { type: "Organization" });
    proposal = await publishProposal(await town.newcomer(), aDraft());
    await town.visitor.collection(followingCollection).insertOne({
      ...{ _id: "f", actorUri: `${town.origin}/actor`, targetUri: hall.uri },
      ...{ host: new URL(linked.origin).host, followUri: `${town.origin}/activities/f` },
      ...{ state: "accepted", at: town.clock.now() },
    });
    await town.settle();
  });
  afterEach(async () => {
    mortal.revive();
    await closeTowns();
    await closePeers();
  });

  const tell = async (by: PeerActor, activity: unknown): Promise<number> => {
    const from = by === hall ? linked : peer;
    return (await from.post(town, by, activity)).status;
  };

  /** As a sender and the clock go on: what was not taken is sent again, what was left is swept. */
  async function recover(send: () => Promise<number>, first: number): Promise<void> {
    mortal.revive();
    if (first !== 202) expect(await send()).to.equal(202);
    for (let round = 0; round < 3; round += 1) {
      town.clock.advance(10 * minutes);
      await town.outbox.sweep(minutes);
      await town.settle();
    }
  }

  async function untilDeadOrDone(): Promise<void> {
    let done = false;
    town.settle().then(
      () => (done = true),
      () => (done = true),
    );
    while (!done && !mortal.isDead) await pause(2);
    if (mortal.isDead) await pause(5);
  }

  /** What one actor's activity does, and what must have come of it, however often it was cut off. */
  interface Story {
    /** What comes first and lives through it; its answer is handed on. */
    before?(by: PeerActor): Promise<string>;
    activity(by: PeerActor, given: string): Record<string, unknown>;
    readonly teller?: () => PeerActor;
    outcome(by: PeerActor, given: string): Promise<unknown>;
    readonly expected: unknown;
  }

  /** Kill after the first write, then after the second with somebody new, until it gets through. */
  async function killEverywhere(story: Story): Promise<void> {
    for (let nth = 1; ; nth += 1) {
      const actor = await peer.actor(`n${nth}`);
      const given = (await story.before?.(actor)) ?? "";
      const activity = story.activity(actor, given);
      const send = (): Promise<number> => tell(story.teller?.() ?? actor, activity);

      mortal.arm(nth);
      const status = await send();
      await untilDeadOrDone();
      const died = mortal.isDead;
      await recover(send, status);

      expect(await story.outcome(actor, given), `killed after write ${nth}`).to.deep.equal(
        story.expected,
      );
      const left = { state: { $in: ["waiting" as const, "handed" as const] } };
      expect(await town.visitor.collection(inboxCollection).countDocuments(left)).to.equal(0);
      if (died) continue;
      expect(nth, "writes that were tried").to.be.greaterThan(5);
      return;
    }
  }

  const supported = async (by: PeerActor): Promise<[number, boolean]> => {
    const person = await personByUri(town.visitor, by.uri);
    const rows = town.visitor.collection(supportsCollection);
    const own = await rows.countDocuments({
      proposalId: proposal._id,
      personId: person?._id ?? "",
    });
    const all = await rows.countDocuments({ proposalId: proposal._id });
    const shown = (await proposalById(town.visitor, proposal._id))?.counts.supports;
    return [own, shown === all];
  };

  const commented = async (uri: string): Promise<[number, string | undefined, boolean]> => {
    const ctx = town.visitor;
    const rows = ctx.collection(commentsCollection);
    const comment = await commentByUri(ctx, uri);
    const shown = await rows.countDocuments({ proposalId: proposal._id, state: "shown" });
    const told = (await proposalById(ctx, proposal._id))?.counts.comments;
    return [await rows.countDocuments({ uri }), comment?.html, shown === told];
  };

  const reply = async (by: PeerActor): Promise<string> => {
    const note = peer.note(by, { inReplyTo: proposal.uri });
    expect(await tell(by, peer.activity(by, "Create", note))).to.equal(202);
    await town.settle();
    return String(note["id"]);
  };

  it("has each new follower once, and says so in one voice", () =>
    killEverywhere({
      activity: (by) => peer.activity(by, "Follow", `${town.origin}/actor`),
      async outcome(by) {
        const rows = town.visitor.collection(followersCollection);
        const accepts = peer
          .inboxed("Accept")
          .filter(({ to }) => [to].flat().includes(by.uri))
          .map(({ id }) => id);
        return [await rows.countDocuments({ followerUri: by.uri }), new Set(accepts).size];
      },
      expected: [1, 1],
    }));

  it("counts each support once", () =>
    killEverywhere({
      activity: (by) => peer.activity(by, "Like", proposal.uri),
      outcome: supported,
      expected: [1, true],
    }));

  it("takes each support back once", () =>
    killEverywhere({
      async before(by) {
        const like = peer.activity(by, "Like", proposal.uri);
        expect(await tell(by, like)).to.equal(202);
        await town.settle();
        return String(like["id"]);
      },
      activity: (by, id) => peer.activity(by, "Undo", { id, type: "Like", object: proposal.uri }),
      outcome: supported,
      expected: [0, true],
    }));

  it("shows each reply once", () => {
    const notes = new Map<string, string>();
    return killEverywhere({
      activity(by) {
        const note = peer.note(by, { inReplyTo: proposal.uri });
        notes.set(by.uri, String(note["id"]));
        return peer.activity(by, "Create", note);
      },
      outcome: (by) => commented(notes.get(by.uri) ?? ""),
      expected: [1, "<p>Bonne idée.</p>", true],
    });
  });

  it("shows each reply that a linked city forwards once", () => {
    const notes = new Map<string, string>();
    return killEverywhere({
      activity(by) {
        const note = peer.note(by, { inReplyTo: proposal.uri });
        notes.set(by.uri, String(note["id"]));
        peer.documents.set(new URL(String(note["id"])).pathname, note);
        return peer.activity(by, "Create", note);
      },
      teller: () => hall,
      outcome: (by) => commented(notes.get(by.uri) ?? ""),
      expected: [1, "<p>Bonne idée.</p>", true],
    });
  });

  it("shows each reply as it was edited", () =>
    killEverywhere({
      before: reply,
      activity: (by, id) =>
        peer.activity(by, "Update", {
          ...peer.note(by, { id, inReplyTo: proposal.uri, content: "<p>Mieux.</p>" }),
          updated: town.clock.now().toISOString(),
        }),
      outcome: (_by, id) => commented(id),
      expected: [1, "<p>Mieux.</p>", true],
    }));

  it("forgets each reply that is deleted, and counts it out once", () =>
    killEverywhere({
      before: reply,
      activity: (by, id) => peer.activity(by, "Delete", { id, type: "Tombstone" }),
      async outcome(_by, id) {
        const [rows, , agrees] = await commented(id);
        const comment = await commentByUri(town.visitor, id);
        return [rows, comment?.state, comment?.html, agrees];
      },
      expected: [1, "deleted", "", true],
    }));

  it("gives each quote one authorisation, and says so in one voice", () =>
    killEverywhere({
      activity: (by) =>
        peer.activity(by, "QuoteRequest", proposal.uri, { instrument: `${by.uri}/quoting` }),
      async outcome(by) {
        const rows = town.visitor.collection(quotesCollection);
        const accepts = peer.inboxed("Accept").filter(({ to }) => [to].flat().includes(by.uri));
        const told = new Set(accepts.map(({ id, result }) => `${String(id)} ${String(result)}`));
        return [await rows.countDocuments({ actorUri: by.uri, revokedAt: null }), told.size];
      },
      expected: [1, 1],
    }));

  it("ends the authorisation of each quoting post that is deleted", () =>
    killEverywhere({
      async before(by) {
        const instrument = `${by.uri}/quoting`;
        await tell(by, peer.activity(by, "QuoteRequest", proposal.uri, { instrument }));
        await town.settle();
        return instrument;
      },
      activity: (by, id) => peer.activity(by, "Delete", { id, type: "Tombstone" }),
      async outcome(by) {
        const rows = town.visitor.collection(quotesCollection);
        const deletes = peer.inboxed("Delete").filter(({ cc }) => [cc].flat().includes(by.uri));
        const told = new Set(deletes.map(({ id }) => id));
        return [await rows.countDocuments({ actorUri: by.uri, revokedAt: null }), told.size];
      },
      expected: [0, 1],
    }));

  it("moves each one who moves with all they gave, and counts nobody twice", () =>
    killEverywhere({
      async before(by) {
        const anew = await peer.actor(`${by.uri.split("/").at(-1)}-anew`, {
          alsoKnownAs: [by.uri],
        });
        await tell(by, peer.activity(by, "Follow", `${town.origin}/actor`));
        await tell(by, peer.activity(by, "Like", proposal.uri));
        await tell(anew, peer.activity(anew, "Like", proposal.uri));
        await town.settle();
        return anew.uri;
      },
      activity: (by, target) => peer.activity(by, "Move", by.uri, { target }),
      async outcome(by, target) {
        const rows = town.visitor.collection(followersCollection);
        const anew = { uri: target } as PeerActor;
        return [
          ...[await rows.countDocuments({ followerUri: by.uri }), await supported(by)],
          ...[await rows.countDocuments({ followerUri: target }), await supported(anew)],
        ];
      },
      expected: [0, [0, true], 1, [1, true]],
    }));
});
