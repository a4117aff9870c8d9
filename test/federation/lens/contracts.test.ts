import { expect } from "chai";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { activityTypes } from "../../../src/federation/vocabulary.js";
import { closePeers } from "../support/peer.js";
import { closeTowns } from "../support/town.js";
import type { Told } from "./stage.js";
import { liveThrough, type Story } from "./story.js";

const fileOf = (name: string): URL => new URL(`golden/${name}.json`, import.meta.url);

/** Compare with the golden file, or write it when asked to. */
function expectGolden(name: string, text: string): void {
  const file = fileOf(name);
  if (process.env["WRITE_GOLDEN"] === "yes") writeFileSync(file, `${text}\n`);
  expect(existsSync(file), `golden/${name}.json`).to.equal(true);
  expect(JSON.parse(text)).to.deep.equal(JSON.parse(readFileSync(file, "utf8")));
}

/** The folders where documents for others are made. */
const makers = ["documents", "outbound", "quotes", "translate"];

/** Every type that is written in their code. */
function typesMade(): string[] {
  const sources = makers.flatMap((name) => {
    const folder = new URL(`../../../src/federation/${name}/`, import.meta.url);
    return readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  });
  const named = sources.flatMap((text) => [...text.matchAll(/\btype(?:: | = )"([A-Z]\w+)"/g)]);
  return [...new Set(named.map(([, type = ""]) => type))];
}

/** The types of documents and of all that is inside of them. */
function typesWithin(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "type" && typeof inner === "string") found.add(inner);
    else typesWithin(inner, found);
  }
  return found;
}

/** What a step comes to, as the golden files hold it. */
function inGold({ type, by, outcome, reach }: Told): object {
  const { status } = outcome;
  const told = { activity: type, by, reach };
  return status === null ? told : { ...told, sees: status };
}

for (const language of ["fr", "en"] as const) {
  describe(`what readers on Mastodon see of a city that speaks "${language}"`, function () {
    this.timeout(60_000);
    let story: Story;
    let told: readonly Told[];
    before(async () => {
      story = await liveThrough(language);
      told = [...story.steps.values()].flat();
    });
    after(async () => {
      await closePeers();
      await closeTowns();
    });

    const step = (title: string): readonly Told[] => {
      const found = story.steps.get(title);
      if (found === undefined) throw new Error(`no step "${title}"`);
      return found;
    };
    const reachOf = (title: string, type: string, by: RegExp): Told["reach"] | undefined =>
      step(title).find((one) => one.type === type && by.test(one.by))?.reach;

    it("is, account by account, what the golden file says", () => {
      expectGolden(`accounts.${language}`, story.stage.plain(story.accounts));
    });

    it("is, step by step, what the golden file says", () => {
      const steps = Object.fromEntries([...story.steps].map(([at, all]) => [at, all.map(inGold)]));
      expectGolden(`story.${language}`, story.stage.plain(steps));
    });

    it("comes from every kind of activity that a city sends", () => {
      const kinds = new Set(told.map(({ type }) => type));
      expect([...kinds]).to.have.members([...activityTypes]);
    });

    it("comes with every kind of object that a city makes", () => {
      const documents = [...told.map(({ activity }) => activity), ...story.stage.read];
      const seen = typesWithin(documents);
      expect(typesMade().filter((type) => !seen.has(type))).to.deep.equal([]);
    });

    it("has leave to quote, and no more once the quoting post is gone", () => {
      const quotes = "somebody elsewhere quotes the proposal";
      expect(reachOf(quotes, "Accept", /proposals/)?.proposal).to.equal("quote allowed");
      const deleted = reachOf("and deletes that post", "Delete", /proposals/);
      expect(deleted?.proposal).to.equal("quote ended");
    });

    it("is never a warning, a vote, a bare link or less than public", () => {
      const seen = told.flatMap(({ outcome }) => (outcome.status === null ? [] : [outcome.status]));
      expect(seen).to.have.length.above(20);
      for (const status of seen) {
        expect(status).to.include({ kind: "post", warning: null, sensitive: false });
        expect(status).to.include({ visibility: "public", language });
        expect(status.lines).to.not.deep.equal([]);
        expect(status.url, status.id).to.be.a("string");
        expect(status.mentions.filter((one) => !one.told)).to.deep.equal([]);
      }
    });

    it("is refused only where it concerns nobody there", () => {
      const refused = told.flatMap(({ type, reach }) =>
        Object.values(reach)
          .filter((short) => short.startsWith("dropped"))
          .map((short) => `${type} ${short}`),
      );
      const expected = [
        ...["Like dropped: it is about nothing of this server"],
        ...["Undo dropped: it is about nothing of this server"],
        ...["Delete dropped: unknown", "Create dropped: unrelated", "Create dropped: its own"],
      ];
      expect(refused.filter((one) => !expected.includes(one))).to.deep.equal([]);
    });

    it("brings a new proposal into the feeds of those who follow the city or its topic", () => {
      const published = "a proposal is published";
      expect(reachOf(published, "Announce", /\/actor$/)).to.deep.equal({ city: "boost, home" });
      expect(reachOf(published, "Announce", /\/topics\//)).to.deep.equal({ topic: "boost, home" });
    });

    it("brings the answer of the town hall, and what follows, to those who follow the proposal", () => {
      const [answers, changes] = ["the town hall answers", "it changes its decision"];
      expect(reachOf(answers, "Announce", /proposals/)?.proposal).to.match(/^boost/);
      const home = step(answers).filter(({ reach }) => reach.proposal?.endsWith(", home"));
      expect(home).to.have.length(1);
      expect(reachOf(answers, "Announce", /\/actor$/)).to.deep.equal({ city: "boost, home" });
      expect(reachOf(changes, "Create", /proposals/)?.proposal).to.equal("post, home");
      expect(reachOf("a step is done", "Create", /proposals/)?.proposal).to.equal("post, home");
    });

    it("tells each state of a proposal once", () => {
      for (const title of ["the town hall answers", "it changes its decision", "a step is done"]) {
        const updates = step(title).filter(
          ({ by, type }) => type === "Update" && by.includes("/proposals/"),
        );
        expect(new Set(updates.map(({ outcome }) => JSON.stringify(outcome.status))).size).to.equal(
          updates.length,
        );
      }
    });

    it("shows an edit as an edit, and moved figures as nothing but figures", () => {
      expect(reachOf("the proposal is edited", "Update", /./)?.proposal).to.equal("edit");
      expect(reachOf("it is supported", "Update", /./)?.proposal).to.equal("figures");
      expect(reachOf("the comment is edited", "Update", /people/)?.proposal).to.equal("edit");
    });

    it("shows in the answer when each step is due, and when it was done", () => {
      const stepsIn = (title: string): string[] =>
        step(title)
          .filter(({ by, type }) => by.endsWith("/actor") && type !== "Announce")
          .flatMap(({ outcome }) => outcome.status?.lines ?? [])
          .filter((line) => line.startsWith("•"));
      const [due, done] =
        language === "fr"
          ? ["prévu le 1 mai 2026", "fait le 2 mars 2026"]
          : ["due 1 May 2026", "done 2 March 2026"];
      expect(stepsIn("the town hall answers")).to.deep.equal([`• Étude des sols (${due})`]);
      expect(stepsIn("a step is done")).to.deep.equal([`• Étude des sols (${done})`]);
    });

    it("shows comments under the proposal, and boosts none of them", () => {
      const commented = step("a citizen comments");
      expect(commented.filter(({ type }) => type === "Announce")).to.deep.equal([]);
      const reach = reachOf("a citizen comments", "Create", /people/);
      const seen = "post, not in the feed";
      expect(reach).to.deep.equal({ proposal: seen, citizen: seen });
    });

    it("stays below what Mastodon takes of one activity, by far", () => {
      const sizes = told.map(({ activity }) => Buffer.byteLength(JSON.stringify(activity)));
      expect(Math.max(...sizes)).to.be.below(100_000);
    });
  });
}
