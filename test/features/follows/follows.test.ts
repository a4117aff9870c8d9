import { expect } from "chai";
import {
  follow,
  followersOf,
  followsCollection,
  isFollowing,
  unfollow,
} from "../../../src/features/follows/follows.js";
import { erasePerson } from "../../../src/features/people/people.js";
import { aProposal, expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";
import { answeringFeatures } from "../responses/support.js";

describe("following a proposal or a topic", () => {
  afterEach(closeCities);

  it("is remembered once, however often it is pressed, and ends when asked", async () => {
    const city = await aCity({ features: answeringFeatures });
    const reader = await city.newcomer();
    const { _id } = await aProposal(await city.newcomer());

    await Promise.all(Array.from({ length: 5 }, () => follow(reader, "proposal", _id)));
    expect(await isFollowing(reader, "proposal", _id)).to.equal(true);
    expect(await isFollowing(reader, "topic", _id)).to.equal(false);
    expect(await followersOf(city.visitor, "proposal", _id, null)).to.deep.equal([
      reader.member._id,
    ]);
    await unfollow(reader, "proposal", _id);
    await unfollow(reader, "proposal", _id);

    expect(await isFollowing(reader, "proposal", _id)).to.equal(false);
  });

  it("is for members", async () => {
    const city = await aCity({ features: answeringFeatures });

    await expectRefusal(follow(city.visitor, "topic", "x"), "not-signed-in");
    expect(await isFollowing(city.visitor, "topic", "x")).to.equal(false);
  });

  it("is read in batches of two hundred that leave nobody out", async () => {
    const city = await aCity({ features: answeringFeatures });
    const rows = Array.from({ length: 450 }, (_, n) => ({
      ...{ _id: `f${n}`, memberId: `m${n}`, kind: "topic" as const, targetId: "t" },
      at: city.clock.now(),
    }));
    await city.visitor.collection(followsCollection).insertMany(rows);

    const sizes: number[] = [];
    const seen = new Set<string>();
    let batch = await followersOf(city.visitor, "topic", "t", null);
    while (batch.length > 0) {
      sizes.push(batch.length);
      for (const id of batch) seen.add(id);
      batch = await followersOf(city.visitor, "topic", "t", batch.at(-1) ?? null);
    }

    expect(sizes).to.deep.equal([200, 200, 50]);
    expect(seen.size).to.equal(450);
  });

  it("is forgotten with the person", async () => {
    const city = await aCity({ features: answeringFeatures });
    const reader = await city.newcomer();
    await follow(reader, "topic", "t");

    await erasePerson(reader, reader.member._id);
    await city.settle();

    expect(await followersOf(city.visitor, "topic", "t", null)).to.deep.equal([]);
  });
});
