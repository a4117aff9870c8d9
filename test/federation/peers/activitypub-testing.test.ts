import { expect } from "chai";
import { publishComment } from "../../../src/features/comments/comments.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { aDraft, aTopic } from "../../support/builders.js";
import { needs } from "../../support/needs.js";
import type { LocalActor } from "../../../src/federation/addresses.js";
import { aTown, type Town } from "../support/town.js";

/** What `activitypub-testing` says of one rule; its own types come with a compiler of their own. */
interface Assertion {
  readonly test: { readonly slug?: string; readonly name: string };
  readonly result: {
    readonly outcome: "passed" | "failed" | "inapplicable" | "cantTell";
    readonly info?: string;
  };
}

interface Suite {
  readonly ActorUrlTestRun: new (
    actor: URL,
    options: { readonly console: object },
  ) => AsyncIterable<Assertion>;
}

/** The rules that concern an actor without likes or shares of its own; the others do not apply. */
const applicable: readonly string[] = [
  "actor-must-serve-as2-object-to-get",
  "actor-objects-must-have-inbox-outbox-properties",
  "followers-collection-must-be-a-collection",
  "following-collection-must-be-a-collection",
  "outbox-must-be-an-orderedcollection",
];
const suiteName: string = "activitypub-testing/test-actor";
const silent = { debug() {}, info() {}, log() {}, warn() {}, error() {} };

/** Rules by what came of them; those that failed with what the suite says about it. */
async function judge(actor: string) {
  const { ActorUrlTestRun } = (await import(suiteName)) as Suite;
  const failed: string[] = [];
  const passed: string[] = [];
  for await (const { test, result } of new ActorUrlTestRun(new URL(actor), { console: silent })) {
    const rule = test.slug ?? test.name;
    if (result.outcome === "passed") passed.push(rule);
    else if (result.outcome !== "inapplicable") {
      failed.push(`${rule} (${result.outcome}): ${result.info ?? ""}`);
    }
  }
  return { passed, failed };
}

describe("each actor of a city, before the rules of activitypub-testing", function () {
  this.timeout(60_000);
  needs("peers");
  let town: Town;
  let association: Town;
  let person: string;
  before(async () => {
    [town, association] = [await aTown(), await aTown({ kind: "association" })];
    const citizen = await town.newcomer("Sacha");
    person = (await consentToNetwork(citizen)).uri ?? "";
    const topic = await aTopic(town.visitor, "Nature");
    const { _id } = await publishProposal(citizen, aDraft({ topicId: topic._id }));
    await publishComment(citizen, { proposalId: _id, parentId: null, body: "Oui." });
    await town.settle();
  });
  after(async () => {
    await town?.close();
    await association?.close();
  });

  /** One of each kind that there is: a new kind does not compile without. */
  const actors: Readonly<Record<LocalActor["kind"] | "association", () => string>> = {
    city: () => `${town.origin}/actor`,
    association: () => `${association.origin}/actor`,
    instance: () => `${town.origin}/actor/instance`,
    topic: () => `${town.origin}/topics/nature`,
    proposal: () => `${town.origin}/proposals/1/actor`,
    person: () => person,
  };
  for (const [who, uri] of Object.entries(actors)) {
    it(`breaks none: ${who}`, async () => {
      const { passed, failed } = await judge(uri());

      expect(failed).to.deep.equal([]);
      expect(passed.sort()).to.deep.equal([...applicable]);
    });
  }
});
