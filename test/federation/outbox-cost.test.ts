import { expect } from "chai";
import type { Store } from "../../src/drivers/store/collection.js";
import { publishComment } from "../../src/features/comments/comments.js";
import { consentToNetwork } from "../../src/features/people/people.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { publishResponse } from "../../src/features/responses/answering.js";
import { aDraft } from "../support/builders.js";
import { aMongoStore, closeMongoStores } from "../support/mongo-store.js";
import { needs } from "../support/needs.js";
import { anAnswer } from "../features/responses/support.js";
import { city, type LocalActor } from "../../src/federation/addresses.js";
import { findActorCollection } from "../../src/federation/documents/collections.js";
import { countingCalls } from "./support/counting.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

type Doc = Record<string, unknown>;

/** The first page of an outbox, and how often the store was asked for it. */
interface Read {
  readonly asked: number;
  readonly items: readonly Doc[];
}

async function outbox({ visitor }: Town, actor: LocalActor): Promise<Read> {
  const count = { calls: 0 };
  const found = await findActorCollection(countingCalls(visitor, count), actor, "outbox", null);
  if (found.kind !== "document") throw new Error("there is no outbox");
  const { orderedItems } = found.body["first"] as { orderedItems: Doc[] };
  return { asked: count.calls, items: orderedItems };
}

function townOn(kept: Store | null): Promise<Town> {
  return aTown({ storeThrough: (bare) => kept ?? bare });
}

/** Somebody on the network, and something to say something about. */
async function aTalk(town: Town) {
  const citizen = await town.newcomer("Ouverte");
  const { handle } = await consentToNetwork(citizen);
  const proposal = await publishProposal(await town.newcomer(), aDraft());
  const say = async (times: number): Promise<void> => {
    for (let at = 0; at < times; at += 1) {
      await publishComment(citizen, { proposalId: proposal._id, parentId: null, body: `${at}.` });
      town.clock.advance(30_000);
    }
    await town.settle();
  };
  return { say, actor: { kind: "person", handle } as const };
}

/** As many queries as one page may cost. */
const few = 12;

function costsAFew(open: () => Promise<Store | null>): void {
  it("of a citizen costs the same few queries, however many comments it shows", async () => {
    const town = await townOn(await open());
    const { say, actor } = await aTalk(town);

    await say(2);
    const short = await outbox(town, actor);
    await say(6);
    const whole = await outbox(town, actor);

    expect([short.items.length, whole.items.length]).to.deep.equal([2, 8]);
    expect(whole.asked).to.equal(short.asked).and.at.most(few);
  });

  it("of a city costs the same few queries, however many answers it shows", async () => {
    const town = await townOn(await open());
    const mayor = await town.newcomer("Adjointe", "official");
    const author = await town.newcomer();
    const answer = async (times: number): Promise<void> => {
      for (let at = 0; at < times; at += 1) {
        const { _id } = await publishProposal(author, aDraft({ title: `Un banc, ${at}` }));
        await publishResponse(mayor, anAnswer(_id));
        town.clock.advance(3_600_000);
      }
      await town.settle();
    };

    await answer(1);
    const short = await outbox(town, city);
    await answer(3);
    const whole = await outbox(town, city);

    const created = whole.items.filter(({ type }) => type === "Create");
    expect(created).to.have.length(4);
    expect(whole.asked).to.equal(short.asked).and.at.most(few);
  });
}

describe("a page of an outbox", function () {
  this.timeout(30_000);
  afterEach(async () => {
    await closeTowns();
    await closeMongoStores();
  });

  describe("on the embedded store", () => costsAFew(() => Promise.resolve(null)));

  describe("on MongoDB", () => {
    needs("mongodb");
    costsAFew(aMongoStore);
  });

  it("says where the echo of a comment is read, which the comment itself tells", async () => {
    const town = await townOn(null);
    const { say, actor } = await aTalk(town);
    await say(1);

    const [told] = (await outbox(town, actor)).items;
    const note = told?.["object"] as Doc & { id: string };
    const own = await fetch(note.id, { headers: { accept: "application/activity+json" } });

    const { replies, likes, shares, ...said } = note;
    expect([replies, likes, shares]).to.deep.equal(
      ["replies", "likes", "shares"].map((name) => ({
        ...{ id: `${note.id}/${name}`, type: "Collection" },
      })),
    );
    expect((await own.json()) as Doc).to.deep.include(said);
  });
});
