import { expect } from "chai";
import type { Collection, Row } from "../../src/drivers/store/collection.js";
import { actorUri, city } from "../../src/federation/addresses.js";
import { figureOf } from "../../src/federation/documents/figures.js";
import { followersCollection, reactionsCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { changed } from "../support/faults.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const uri = "https://valmont.example/comments/1";
const likes = { what: "like", of: uri } as const;

async function liked({ visitor, clock }: Town, times: number): Promise<void> {
  const rows = Array.from({ length: times }, () => {
    const _id = visitor.ids.next();
    const by = `https://social.example/${_id}`;
    return {
      ...{ _id, kind: "like" as const, actorUri: by, objectUri: uri, at: clock.now() },
      ...{ activityUri: `${by}/like`, host: "social.example" },
    };
  });
  await visitor.collection(reactionsCollection).insertMany(rows);
}

/** The same context; what each count is allowed to cost is noted. */
function noting(ctx: Ctx, limits: number[]): Ctx {
  const collection = <T extends Row>(inner: Collection<T>): Collection<T> =>
    changed(inner, {
      countDocuments(filter, options) {
        limits.push(options?.limit ?? Infinity);
        return inner.countDocuments(filter, options);
      },
    });
  return { ...ctx, collection: (def) => collection(ctx.collection(def)) };
}

describe("a figure that peers are told", function () {
  this.timeout(20_000);
  afterEach(closeTowns);

  it("is exact while it is small", async () => {
    const town = await aTown();
    await liked(town, 3);

    expect(await figureOf(town.visitor, likes)).to.equal(3);
    await liked(town, 2);
    expect(await figureOf(town.visitor, likes)).to.equal(5);
  });

  it("costs the same however large it is, and is counted anew beside", async () => {
    const town = await aTown();
    await liked(town, 1_500);
    expect(await figureOf(town.visitor, likes)).to.equal(1_500);
    await liked(town, 500);

    const limits: number[] = [];
    const asked = noting(town.visitor, limits);
    expect(await figureOf(asked, likes)).to.equal(1_500);
    town.clock.advance(11 * 60_000);
    expect(await figureOf(asked, likes)).to.equal(1_500);
    expect(limits).to.deep.equal([1_000, 1_000]);
    await town.settle();

    expect(await figureOf(asked, likes)).to.equal(2_000);
    expect(Math.max(...limits)).to.equal(1_000);
  });

  it("has nobody wait while a hundred thousand are counted, not even who asks first", async () => {
    const town = await aTown();
    await liked(town, 5_400);
    const limits: number[] = [];

    expect(await figureOf(noting(town.visitor, limits), likes)).to.equal(5_000);
    expect(limits).to.deep.equal([1_000, 5_000]);
    await town.settle();

    expect(await figureOf(town.visitor, likes)).to.equal(5_400);
  });

  it("is exact again when it has become small", async () => {
    const town = await aTown();
    await liked(town, 1_200);
    await figureOf(town.visitor, likes);
    await town.visitor.collection(reactionsCollection).deleteMany({ objectUri: uri });

    await liked(town, 1);

    expect(await figureOf(town.visitor, likes)).to.equal(1);
  });

  it("is read by whoever asks how many follow the city", async () => {
    const town = await aTown();
    const own = actorUri(town.instance, city);
    const rows = Array.from({ length: 1_100 }, (_, at) => ({
      ...{ _id: `f${at}`, actorUri: own, followerUri: `https://social.example/${at}` },
      ...{ target: "https://social.example/inbox", host: "social.example", linked: false },
      ...{ followUri: `https://social.example/${at}/follow`, at: town.clock.now() },
    }));
    await town.visitor.collection(followersCollection).insertMany(rows);

    const answer = await fetch(`${own}/followers`, {
      headers: { accept: "application/activity+json" },
    });

    expect(await answer.json()).to.include({ totalItems: 1_100 });
  });
});
