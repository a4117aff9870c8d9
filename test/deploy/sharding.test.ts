import { expect } from "chai";
import { features } from "../../src/features.js";
import { federationCollections } from "../../src/federation/records.js";
import { ownCollections } from "../../src/hosting/collections.js";
import { scopedIndexes } from "../../src/hosting/scoped-store.js";
import { text } from "./files.js";

const all = [
  ...features.flatMap((feature) => feature.collections),
  ...federationCollections,
  ...ownCollections,
].map(({ name, indexes }) => ({ name, indexes: scopedIndexes(indexes) }));

describe("many cities on the shards of MongoDB", () => {
  it("lie by city in every collection that has an index for it, and in no other", () => {
    const carried = all
      .filter(({ indexes }) =>
        indexes.some(
          ({ keys, partialFilterExpression }) =>
            Object.keys(keys)[0] === "instanceId" && partialFilterExpression === undefined,
        ),
      )
      .map(({ name }) => name);
    const listed = /const collections = (\[[^\]]*\])/.exec(text("deploy/mongodb/shard.js"))?.[1];
    const sharded = [...(listed ?? "").matchAll(/"(\w+)"/g)].map((match) => match[1]!);
    expect(sharded.sort()).to.deep.equal(carried.sort());
  });

  it("names in the guide what is not spread", () => {
    const guide = text("deploy/mongodb/README.md");
    const script = text("deploy/mongodb/shard.js");
    for (const { name } of all.filter((one) => !script.includes(`"${one.name}"`))) {
      expect(guide).to.include(`\`${name}\``);
    }
  });

  it("keep every promise that something is there once, since each such index begins with the city", () => {
    for (const { name, indexes } of all) {
      for (const { keys } of indexes.filter((index) => index.unique === true)) {
        expect(Object.keys(keys)[0], name).to.equal("instanceId");
      }
    }
  });
});
