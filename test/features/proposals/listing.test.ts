import { expect } from "chai";
import { countProposals, listProposals } from "../../../src/features/proposals/listing.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { publishProposal, withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { proposalsCollection } from "../../../src/features/proposals/proposals.js";
import { giveSupport } from "../../../src/features/supports/supports.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aDraft, aReceivedProposal, aTopic, expectRefusal } from "../../support/builders.js";
import { aCity, closeCities, type City } from "../../support/city.js";

const day = 24 * 3_600_000;

async function many(city: City, count: number): Promise<void> {
  let author: Ctx = await city.newcomer();
  for (let n = 1; n <= count; n++) {
    if (n % 9 === 0) author = await city.newcomer();
    city.clock.advance(1000);
    await publishProposal(author, aDraft({ title: `Proposition ${n} du quartier` }));
  }
}

async function numbers(ctx: Ctx, query: Partial<Parameters<typeof listProposals>[1]> = {}) {
  const { items } = await listProposals(ctx, { sort: "recent", limit: 50, ...query });
  return items.map(({ number }) => number);
}

describe("the list of proposals", () => {
  afterEach(closeCities);

  for (const sort of ["recent", "supported", "moving"] as const) {
    it(`pages by "${sort}" without missing or repeating one, ties included`, async () => {
      const city = await aCity();
      await many(city, 23);
      const seen: Array<number | null> = [];

      let cursor: string | null = null;
      do {
        const page = await listProposals(city.visitor, { sort, cursor, limit: 5 });
        seen.push(...page.items.map(({ number }) => number));
        cursor = page.next;
      } while (cursor !== null);

      expect(seen).to.have.length(23);
      expect(new Set(seen).size).to.equal(23);
    });
  }

  it("keeps its place while new proposals arrive", async () => {
    const city = await aCity();
    await many(city, 10);
    const first = await listProposals(city.visitor, { sort: "recent", limit: 4 });

    await many(city, 3);
    const second = await listProposals(city.visitor, {
      ...{ sort: "recent", cursor: first.next, limit: 4 },
    });

    expect(first.items.map((p) => p.number)).to.deep.equal([10, 9, 8, 7]);
    expect(second.items.map((p) => p.number)).to.deep.equal([6, 5, 4, 3]);
  });

  it("narrows by topic, status and where they come from, together", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const [streets, parks] = [await aTopic(author), await aTopic(author, "Parcs")];
    await publishProposal(author, aDraft({ topicId: streets._id }));
    await publishProposal(author, aDraft({ topicId: parks._id }));
    await withdrawProposal(author, (await publishProposal(author, aDraft())).number ?? 0);
    await receiveProposal(city.visitor, aReceivedProposal());

    expect(await numbers(city.visitor)).to.deep.equal([2, 1, null]);
    expect(await numbers(city.visitor, { topicId: parks._id })).to.deep.equal([2]);
    expect(await numbers(city.visitor, { from: "here" })).to.deep.equal([2, 1]);
    expect(await numbers(city.visitor, { from: "elsewhere", status: "open" })).to.deep.equal([
      null,
    ]);
    expect(await numbers(city.visitor, { status: "withdrawn" })).to.deep.equal([3]);
    expect(await numbers(city.visitor, { topicId: parks._id, status: "done" })).to.deep.equal([]);
    expect(await countProposals(city.visitor, { from: "here" }, 1000)).to.equal(2);
  });

  it("puts the most supported first, and what moves now above what moved once", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const old = await publishProposal(author, aDraft({ title: "Un vieux succès du bourg" }));
    for (let n = 0; n < 4; n++) await giveSupport(await city.newcomer(), old);
    await city.later(60 * day);
    const fresh = await publishProposal(author, aDraft({ title: "Une idée toute neuve" }));
    await publishProposal(author, aDraft({ title: "Une idée que nul ne soutient" }));
    await giveSupport(await city.newcomer(), fresh);
    await city.later(10_000);

    expect(await numbers(city.visitor, { sort: "supported" })).to.deep.equal([1, 2, 3]);
    expect(await numbers(city.visitor, { sort: "moving" })).to.deep.equal([2, 3, 1]);
  });

  it("refuses a cursor that nobody handed out", async () => {
    const city = await aCity();
    const asked = listProposals(city.visitor, { sort: "recent", cursor: "%%%", limit: 5 });
    await expectRefusal(asked, "not-found");
  });
});

describe("the search for proposals", () => {
  afterEach(closeCities);

  async function found(ctx: Ctx, search: string) {
    const { items } = await listProposals(ctx, { sort: "recent", search, limit: 50 });
    return items.map(({ title }) => title);
  }

  it("finds words without their accents, by their stem, and the last one by its beginning", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    await publishProposal(author, aDraft({ title: "Végétaliser la cour de l’école" }));

    for (const words of ["ecole", "ÉCOLES", "vegetalis", "école cou", "cour végétaliser "]) {
      expect(await found(city.visitor, words), words).to.have.length(1);
    }
    expect(await found(city.visitor, "piscine")).to.deep.equal([]);
    expect(await found(city.visitor, "école piscine")).to.deep.equal([]);
  });

  it("shows titles before texts, then the most supported, on every page", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const inText = await publishProposal(
      author,
      aDraft({ title: "Un banc public", body: "Près de la fontaine, pour se reposer." }),
    );
    await giveSupport(await city.newcomer(), inText);
    await publishProposal(author, aDraft({ title: "Réparer la fontaine" }));
    const liked = await publishProposal(author, aDraft({ title: "Une fontaine à boire" }));
    await giveSupport(await city.newcomer(), liked);
    const titles: string[] = [];

    let cursor: string | null = null;
    do {
      const query = { sort: "recent", search: "fontaine", cursor, limit: 1 } as const;
      const page = await listProposals(city.visitor, query);
      titles.push(...page.items.map(({ title }) => title));
      cursor = page.next;
    } while (cursor !== null);

    expect(titles).to.deep.equal(["Une fontaine à boire", "Réparer la fontaine", "Un banc public"]);
  });

  it("finds the same when it is narrowed, among few proposals and among many", async () => {
    const city = await aCity();
    const author = await city.newcomer();
    const topicId = (await aTopic(author))._id;
    const first = await publishProposal(author, aDraft({ title: "Une fontaine", topicId }));
    await publishProposal(author, aDraft({ title: "Une fontaine ailleurs" }));
    const narrowed = { search: "fontaine ", topicId, status: "open" } as const;
    expect(await numbers(city.visitor, narrowed)).to.deep.equal([first.number]);

    const others = Array.from({ length: 450 }, (_, at) => ({
      ...{ ...first, _id: city.visitor.ids.next(), number: 1000 + at, terms: ["banc"] },
      uri: city.instance.url(`/proposals/${1000 + at}`),
    }));
    await city.visitor.collection(proposalsCollection).insertMany(others);

    expect(await numbers(city.visitor, narrowed)).to.deep.equal([first.number]);
    expect(await numbers(city.visitor, { ...narrowed, status: "declined" })).to.deep.equal([]);
  });

  it("finds nothing, and does not fail, for signs alone or operators", async () => {
    const city = await aCity();
    await publishProposal(await city.newcomer(), aDraft());
    for (const words of ["???", "$where", '{"$gt":""}', "\u0000", "le la les", "t:arbres"]) {
      expect(await found(city.visitor, words), words).to.satisfy(Array.isArray);
    }
  });
});
