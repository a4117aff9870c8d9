import { expect } from "chai";
import fc from "fast-check";
import {
  instanceHandle,
  isFreeForCity,
  isHandle,
  memberHandle,
  memberHandleBytes,
  numberOfHandle,
  proposalHandle,
  slugOfHandle,
  topicHandle,
} from "../../src/kit/index.js";
import { importHandle } from "../../src/features/imports/import-id.js";
import { handleFrom } from "../../src/hosting/instances.js";

const member = fc
  .uint8Array({ minLength: memberHandleBytes, maxLength: memberHandleBytes })
  .map(memberHandle);
const slug = fc.stringMatching(/^[a-z0-9-]{1,24}$/);
const topic = slug.map(topicHandle);
const proposal = fc.integer({ min: 1, max: 9_999_999_999 }).map(proposalHandle);
const author = fc.tuple(fc.string(), fc.string()).map(([a, b]) => importHandle(a, b));
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.stringMatching(/^[a-z0-9_-]{1,12}$/), fc.string());
const instance = host.map(instanceHandle);
const city = fc
  .oneof(fc.stringMatching(/^[a-z0-9_]{1,30}$/), fc.string().map(handleFrom), topic, proposal)
  .filter(isFreeForCity);

describe("the handles of an instance", () => {
  it("never meet across kinds, whatever is drawn", () => {
    const kinds = { topic, proposal, author, instance };
    const pairs = Object.values(kinds).flatMap((one, at) =>
      [...Object.values(kinds).slice(at + 1), member, city].map((other) => [one, other] as const),
    );
    for (const [one, other] of pairs) {
      fc.assert(
        fc.property(one, other, (a, b) => a !== b),
        { numRuns: 400, seed: 7 },
      );
    }
    fc.assert(
      fc.property(member, (handle) => {
        const isAnother = numberOfHandle(handle) !== null || slugOfHandle(handle) !== null;
        return !isAnother && !handle.includes("_") && !handle.includes(".");
      }),
      { numRuns: 5_000, seed: 7 },
    );
  });

  it("are such that every server accepts them", () => {
    for (const one of [member, topic, proposal, author, city]) {
      fc.assert(fc.property(one, isHandle), { numRuns: 300, seed: 7 });
    }
    const accepted = /^[a-z0-9_]+([.-]+[a-z0-9_]+)*$/;
    fc.assert(fc.property(instance, (handle) => accepted.test(handle) && handle.includes(".")));
  });

  it("lead back to the one topic or proposal they name", () => {
    fc.assert(fc.property(slug, (name) => slugOfHandle(topicHandle(name)) === name));
    fc.assert(
      fc.property(slug, slug, (a, b) => a === b || topicHandle(a) !== topicHandle(b)),
      { numRuns: 1_000 },
    );
    expect(numberOfHandle("p042")).to.equal(null);
    expect(numberOfHandle("p42")).to.equal(42);
  });

  it("of others are refused to a city: what stands for a proposal, a topic or the machine", () => {
    const refused = [
      "p1",
      "p007",
      "topic_",
      "topic_x",
      "i_a_b",
      "admin",
      "actor",
      "A",
      "a.b",
      "a-b",
    ];
    for (const handle of [...refused, "", "x".repeat(31)]) {
      expect(isFreeForCity(handle), handle).to.equal(false);
    }
    for (const handle of ["valmont", "paris", "p", "pau", "topics", "v_2"]) {
      expect(isFreeForCity(handle), handle).to.equal(true);
    }
  });
});
