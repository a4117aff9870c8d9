import { expect } from "chai";
import type { Row, Store } from "../../src/drivers/store/collection.js";
import {
  deleteComment,
  editComment,
  publishComment,
} from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { editProposal, publishProposal } from "../../src/features/proposals/publishing.js";
import { editResponse, publishResponse } from "../../src/features/responses/answering.js";
import { activitiesCollection } from "../../src/federation/records.js";
import type { Ctx, Member } from "../../src/kit/index.js";
import { aDraft } from "../support/builders.js";
import { Died } from "../support/faults.js";
import { aGate, until } from "../drivers/queue.conformance.js";
import { aPeer, closePeers, type Peer } from "./support/peer.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

/** Something happens where an activity is looked up by its key, just before it is made. */
type LookUp = (key: string) => Promise<void>;

function withLookUp(before: LookUp): (store: Store) => Store {
  return (store) => ({
    ...store,
    collection: <T extends Row>(name: string) => {
      const inner = store.collection<T>(name);
      if (name !== activitiesCollection.name) return inner;
      const findOne: typeof inner.findOne = async (...given) => {
        await before(String((given[0] as { key?: unknown }).key));
        return inner.findOne(...given);
      };
      return new Proxy(inner, {
        get: (target, property): unknown =>
          property === "findOne" ? findOne : Reflect.get(target, property),
      });
    },
  });
}

describe("what changes before it was told", function () {
  this.timeout(15_000);
  let town: Town;
  let peer: Peer;
  let citizen: Ctx & { readonly member: Member };
  let proposal: Proposal;
  let lookUp: LookUp;

  beforeEach(async () => {
    lookUp = () => Promise.resolve();
    [town, peer] = [await aTown({ storeThrough: withLookUp((key) => lookUp(key)) }), await aPeer()];
    citizen = await town.newcomer();
    await consentToNetwork(citizen);
    proposal = await publishProposal(citizen, aDraft());
    await town.settle();
    await follow(`${town.origin}/actor`, { type: "Organization", implements: [exchange] });
    await follow(`${proposal.uri}/actor`);
    peer.received.length = 0;
  });
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  const exchange = "urn:parvis:ns#exchange";
  const follow = async (uri: string, change: Record<string, unknown> = {}): Promise<void> => {
    const who = await peer.actor(uri.length.toString(), change);
    await peer.post(town, who, peer.activity(who, "Follow", uri));
    await town.settle();
  };
  /** The first process that would tell it dies, so that it is tried again later. */
  const failOnce = (key: RegExp): void => {
    let isDone = false;
    lookUp = (asked) => {
      if (isDone || !key.test(asked)) return Promise.resolve();
      isDone = true;
      return Promise.reject(new Died("the process was killed"));
    };
  };
  const later = async (): Promise<void> => {
    for (let round = 0; round < 3; round += 1) {
      await town.settle();
      town.clock.advance(60_000);
    }
    await town.settle();
  };
  /** What came about something: types, and whether the words are the last ones. */
  const came = (uri: string, last: string): string[] =>
    peer
      .inboxed()
      .map(({ type, object }) => ({ type, object: object as { id?: string; content?: string } }))
      .filter(({ type, object }) => object.id === uri && type !== "Announce")
      .map(({ type, object: { content = "" } }) => {
        return content.includes(last) ? `${String(type)} ${last}` : String(type);
      });

  it("is told before its change: a comment", async () => {
    failOnce(/^Create\/comment\//);
    const words = { proposalId: proposal._id, parentId: null, body: "Un." };
    const comment = await publishComment(citizen, words);
    await town.settle();
    await editComment(citizen, comment._id, { body: "Deux." });
    await later();

    expect(came(comment.uri, "Deux.")).to.deep.equal(["Create Deux.", "Update Deux."]);
  });

  it("is told before its change: a proposal, whose state is told once", async () => {
    failOnce(/^create\//);
    const other = await publishProposal(citizen, aDraft({ title: "Un banc" }));
    await town.settle();
    const title = "Un banc au parc";
    await editProposal(citizen, other.number ?? 0, { ...aDraft({ title }), version: 1 });
    await later();

    expect(came(other.uri, title)).to.deep.equal([`Create ${title}`]);
    expect(peer.inboxed("Announce").map(({ object }) => object)).to.include(other.uri);
  });

  it("is told before its change: an official answer", async () => {
    failOnce(/^Create\/response\//);
    const mayor = await town.newcomer("Adjointe", "official");
    const answer = { office: "Voirie", decision: "accepted", body: "Oui." } as const;
    const input = { ...answer, proposalId: proposal._id, milestones: [] };
    const { _id, uri, editedAt } = await publishResponse(mayor, input);
    await town.settle();
    const body = "Oui, en mai.";
    await editResponse(mayor, _id, { ...answer, body, milestones: [], editedAt });
    await later();

    expect(came(uri, body)).to.deep.equal([`Create ${body}`, `Update ${body}`]);
  });

  it("does not come back where it was deleted while a slow process was about to tell it", async () => {
    const gate = aGate();
    lookUp = (key) => (key.startsWith("Create/comment/") ? gate.opened : Promise.resolve());
    const words = { proposalId: proposal._id, parentId: null, body: "Un." };
    const comment = await publishComment(citizen, words);
    await deleteComment(citizen, comment._id);
    await until(() => came(comment.uri, "Un.").length === 1);

    gate.open();
    await later();

    expect(came(comment.uri, "Un.")).to.deep.equal(["Delete"]);
  });
});
