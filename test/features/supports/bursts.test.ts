import { expect } from "chai";
import { decisionsCollection } from "../../../src/features/moderation/decisions.js";
import { heldModel } from "../../../src/features/moderation/moderation.pages.js";
import { ruleOnAlike, ruleOnSupport } from "../../../src/features/moderation/ruling-on-supports.js";
import { receivePerson } from "../../../src/features/people/people.js";
import { trustAuthor } from "../../../src/features/people/standing.js";
import { proposalById } from "../../../src/features/proposals/proposals.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { hasPlace, mostNew } from "../../../src/features/supports/bursts.js";
import { listHeldSupports } from "../../../src/features/supports/held.js";
import { mostWaiting, refusedSupportsCollection } from "../../../src/features/supports/refused.js";
import {
  receiveSupport,
  receiveSupportTakenBack,
} from "../../../src/features/supports/supports.js";
import { aProposal, expectRefusal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";
import { between } from "../../support/faults.js";
import { aMongoStore, closeMongoStores } from "../../support/mongo-store.js";
import { needs } from "../../support/needs.js";
import { aBench, type Bench } from "../moderation/support.js";

const hour = 3_600_000;
const site = "social.example";

describe("supports by many accounts that nobody here has seen before", () => {
  afterEach(closeCities);

  async function someone({ city }: Bench, name: string, host = site): Promise<string> {
    const uri = `https://${host}/users/${name}`;
    const face = { uri, name, about: "", url: uri, host, handle: `${name}@${host}` };
    return (await receivePerson(city.visitor, face))._id;
  }

  const from = (of: string | null) => ({ isAutomated: false, limitedHost: null, site: of });

  async function press(bench: Bench, name: string, of: string | null = site) {
    const support = { proposalId: bench.proposal._id, personId: await someone(bench, name) };
    return receiveSupport(bench.city.visitor, support, from(of));
  }

  async function burst(bench: Bench, many: number, from = 0): Promise<Array<string | null>> {
    const names = Array.from({ length: many }, (_, at) => `new${from + at}`);
    return Promise.all(names.map((name) => press(bench, name)));
  }

  const counted = async ({ city, proposal }: Bench) =>
    (await proposalById(city.visitor, proposal._id))?.counts.supports;

  it("count up to a number of one site for one proposal in an hour; the rest waits for a moderator", async () => {
    const bench = await aBench();
    const outcomes = await burst(bench, mostNew + 5);

    expect(outcomes.filter((why) => why === null)).to.have.length(mostNew);
    expect(outcomes.filter((why) => why === "many-new")).to.have.length(5);
    expect(await counted(bench)).to.equal(mostNew);
    expect(await listHeldSupports(bench.city.visitor, 10)).to.have.length(5);
  });

  describe("on a MongoDB-compatible server", () => {
    needs("mongodb");
    afterEach(closeMongoStores);

    it("get no more places there either, when many ask at once", async () => {
      const store = await aMongoStore();
      const { visitor } = await aCity({ storeThrough: () => store });
      const asked = Array.from({ length: mostNew + 8 }, (_, at) =>
        hasPlace(visitor, { proposalId: "p", personId: `n${at}` }, site),
      );
      const places = await Promise.all(asked);

      expect(places.filter(Boolean)).to.have.length(mostNew);
      const first = { proposalId: "p", personId: `n${places.indexOf(true)}` };
      expect(await hasPlace(visitor, first, site)).to.equal(true);
    });
  });

  it("cost nobody else anything: who was seen before, is trusted, or belongs elsewhere counts at once", async () => {
    const bench = await aBench();
    const { city, proposal } = bench;
    await someone(bench, "old");
    city.clock.advance(25 * hour);
    await burst(bench, mostNew + 1);
    const trusted = await someone(bench, "trusted");
    await trustAuthor(city.visitor, trusted, { by: "noa", at: city.clock.now() });
    const another = await aProposal(bench.author);

    expect(await press(bench, "old")).to.equal(null);
    expect(await press(bench, "trusted")).to.equal(null);
    expect(await press(bench, "linked", null)).to.equal(null);
    expect(await press(bench, "else", "other.example")).to.equal(null);
    const elsewhere = { proposalId: another._id, personId: await someone(bench, "new31") };
    expect(await receiveSupport(city.visitor, elsewhere, from(site))).to.equal(null);
    expect(await press(bench, "late")).to.equal("many-new");
    city.clock.advance(hour);
    expect(await press(bench, "later")).to.equal(null);
    expect((await proposalById(city.visitor, proposal._id))?.counts.supports).to.equal(mostNew + 5);
  });

  it("take one place each, however often their server tells it again", async () => {
    const bench = await aBench();
    for (let times = 0; times < mostNew + 1; times += 1) {
      expect(await press(bench, "eager")).to.equal(null);
    }
    await receiveSupportTakenBack(bench.city.visitor, {
      ...{ proposalId: bench.proposal._id, personId: await someone(bench, "eager") },
    });
    expect(await press(bench, "eager")).to.equal(null);

    expect((await burst(bench, mostNew)).filter((why) => why !== null)).to.have.length(1);
  });

  it("wait on when they are pressed again an hour later, and under a limit that comes and goes", async () => {
    const bench = await aBench();
    const { city, proposal } = bench;
    await burst(bench, mostNew);
    expect(await press(bench, "held")).to.equal("many-new");

    city.clock.advance(26 * hour);
    expect(await press(bench, "held")).to.equal("many-new");
    const personId = await someone(bench, "held");
    const limited = { ...from(site), limitedHost: site };
    const support = { proposalId: proposal._id, personId };
    expect(await receiveSupport(city.visitor, support, limited)).to.equal("many-new");
    expect(await press(bench, "held")).to.equal("many-new");
    expect(await press(bench, "held", null)).to.equal(null);
    expect(await listHeldSupports(city.visitor, 10)).to.deep.equal([]);
  });

  it("fill no more than a bounded list of what waits", async () => {
    const bench = await aBench();
    const { city, proposal } = bench;
    await burst(bench, mostNew + 1);
    const [one] = await listHeldSupports(city.visitor, 1);
    if (one === undefined) throw new Error("none waits");
    const rows = Array.from({ length: mostWaiting["many-new"] - 1 }, (_, at) => ({
      ...one,
      ...{ _id: `row${at}`, personId: `person${at}` },
    }));
    await city.visitor.collection(refusedSupportsCollection).insertMany(rows);

    expect(await press(bench, "over")).to.equal("too-many-waiting");
    expect(await press(bench, "new0")).to.equal(null);
    const held = await receiveSupport(
      city.visitor,
      { proposalId: proposal._id, personId: one.personId },
      from(site),
    );
    expect(held).to.equal("many-new");
  });

  it("are one line for the moderator, who has them count or not together and on the record", async () => {
    const bench = await aBench();
    const { city, moderator } = bench;
    await burst(bench, mostNew + 3);
    const { supports } = await heldModel(moderator, null);
    expect(supports.map(({ together }) => together)).to.deep.equal([
      { count: 3, site, most: mostNew },
    ]);
    const id = supports[0]?.id ?? "";
    await expectRefusal(ruleOnAlike(city.visitor, id, "take"), "not-signed-in");

    await ruleOnAlike(moderator, id, "take");
    city.clock.advance(1);
    expect(await press(bench, "late")).to.equal("many-new");
    await city.settle();
    expect(await listHeldSupports(city.visitor, 9)).to.have.length(1);
    expect(await counted(bench)).to.equal(mostNew + 3);

    const [late] = await listHeldSupports(city.visitor, 1);
    await ruleOnAlike(moderator, late?._id ?? "", "decline");
    await city.settle();
    expect(await press(bench, "late")).to.equal("declined");
    expect(await listHeldSupports(city.visitor, 9)).to.deep.equal([]);
    await expectRefusal(ruleOnAlike(moderator, late?._id ?? "", "decline"), "gone");
    const deeds = await city.visitor.collection(decisionsCollection).find({}).toArray();
    expect(deeds.map(({ what, by }) => `${what} ${by}`).sort()).to.deep.equal([
      `support-declined ${moderator.member._id}`,
      ...Array<string>(3).fill(`support-taken ${moderator.member._id}`),
    ]);
  });

  it("wait no more once the proposal is withdrawn, also those that come just then", async () => {
    const keeping = between("refusedSupports", "updateOne");
    const bench = await aBench({ storeThrough: keeping.through });
    const { city, author, proposal } = bench;
    await burst(bench, mostNew + 2);
    keeping.once(async () => {
      await withdrawProposal(author, proposal.number ?? 0);
      await city.settle();
    });

    await press(bench, "late");

    expect(keeping.happened).to.equal(1);
    expect(await listHeldSupports(city.visitor, 9)).to.deep.equal([]);
    const rows = await city.visitor.collection(refusedSupportsCollection).find({}).toArray();
    expect(rows.map(({ why }) => why)).to.deep.equal(Array(3).fill("withdrawn"));
    expect(rows.every(({ expiresAt }) => expiresAt !== null)).to.equal(true);
  });

  it("can be decided about one by one, too", async () => {
    const bench = await aBench();
    await burst(bench, mostNew + 2);
    const [one, other] = await listHeldSupports(bench.city.visitor, 2);

    await ruleOnSupport(bench.moderator, one?._id ?? "", "take");
    await ruleOnSupport(bench.moderator, other?._id ?? "", "decline");

    expect(await counted(bench)).to.equal(mostNew + 1);
    expect(await listHeldSupports(bench.city.visitor, 2)).to.deep.equal([]);
  });
});
