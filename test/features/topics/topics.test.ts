import { expect } from "chai";
import {
  createTopic,
  defaultTopics,
  slugFrom,
  topicBySlug,
  topics,
} from "../../../src/features/topics/topics.js";
import { expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";

describe("the topics of a city", () => {
  afterEach(closeCities);

  it("begin with eight themes in its language, given once", async () => {
    const city = await aCity({ language: "en" });
    await defaultTopics(city.visitor);

    const given = await defaultTopics(city.visitor);

    expect(given).to.have.length(8);
    expect(given[0]?.name).to.equal("Getting around");
  });

  it("come in their order, a new one last, under an address made of its name", async () => {
    const city = await aCity();
    await defaultTopics(city.visitor);

    const made = await createTopic(city.visitor, { name: "Cœur de ville", description: "" });

    expect(made.slug).to.equal("coeur-de-ville");
    expect((await topics(city.visitor)).at(-1)?._id).to.equal(made._id);
    const twin = await createTopic(city.visitor, { name: "Cœur de ville !", description: "" });
    expect(twin.slug).to.equal("coeur-de-ville-2");
    expect((await topicBySlug(city.visitor, twin.slug))?._id).to.equal(twin._id);
  });

  it("refuse an address that was asked for and is taken", async () => {
    const city = await aCity();
    const input = { name: "Parcs", slug: "parcs", description: "" };
    await createTopic(city.visitor, input);
    const refusal = await expectRefusal(createTopic(city.visitor, input), "already-taken");
    expect(refusal.errors[0]?.field).to.equal("slug");
  });

  it("have addresses of plain letters, at most 24", () => {
    for (const name of ["Où se déplacer, et comment ?", "東京", "-- --", "a".repeat(90)]) {
      expect(slugFrom(name)).to.match(/^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/);
    }
  });
});
