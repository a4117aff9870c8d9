import { expect } from "chai";
import {
  judgeComment,
  newAccountMs,
  type Signals,
  type Why,
} from "../../../src/features/comments/verdict.js";
import { judgeSupport } from "../../../src/features/supports/refused.js";
import { ofStranger } from "../../support/builders.js";

const stranger = (change: Partial<Signals> = {}): Signals => ({
  ...ofStranger(),
  ...{ standing: null, wasShown: false, answers: null, isWithdrawn: false },
  ...{ waiting: { ofAuthor: 0, ofSite: 0, ofAll: 0 }, ...change },
});

describe("the rule for comments of elsewhere", () => {
  const cases: ReadonlyArray<readonly [string, Partial<Signals>, string, readonly Why[]]> = [
    ["holds the first comment of a stranger", {}, "held", ["first-comment"]],
    ["shows somebody who follows the proposal or the city", { follows: true }, "shown", []],
    ["shows a linked instance's citizen", { isLinked: true, accountAgeMs: 1 }, "shown", []],
    ["shows whom a moderator let through before", { standing: "trusted" }, "shown", []],
    ["shows who has a comment here already", { wasShown: true }, "shown", []],
    [
      "holds more than five mentions, of whomever",
      { standing: "trusted", mentions: 6 },
      "held",
      ["many-mentions"],
    ],
    ["takes five mentions", { standing: "trusted", mentions: 5 }, "shown", []],
    [
      "takes more than ten for spam",
      { isLinked: true, mentions: 11 },
      "refused",
      ["too-many-mentions"],
    ],
    [
      "holds a new account even if it follows",
      { follows: true, accountAgeMs: newAccountMs - 1 },
      "held",
      ["new-account"],
    ],
    ["takes an account of thirty days", { follows: true, accountAgeMs: newAccountMs }, "shown", []],
    [
      "holds a machine even if it follows",
      { follows: true, isAutomated: true },
      "held",
      ["automated"],
    ],
    [
      "holds all of a limited server, linked or not",
      { isLinked: true, isLimitedHost: true },
      "held",
      ["limited-host"],
    ],
    ["but whom a moderator let through", { standing: "trusted", isLimitedHost: true }, "shown", []],
    [
      "holds an answer to what waits",
      { isLinked: true, answers: "held" },
      "held",
      ["answers-held"],
    ],
    [
      "refuses an answer to what was refused",
      { standing: "trusted", answers: "refused" },
      "refused",
      ["answers-refused"],
    ],
    [
      "refuses an answer to what is hidden",
      { standing: "trusted", answers: "hidden" },
      "refused",
      ["answers-gone"],
    ],
    [
      "refuses who is blocked, before anything else",
      { standing: "blocked", isPublic: false },
      "refused",
      ["blocked"],
    ],
    ["refuses what is not public", { isLinked: true, isPublic: false }, "refused", ["not-public"]],
    [
      "refuses on a withdrawn proposal",
      { standing: "trusted", isWithdrawn: true },
      "refused",
      ["withdrawn"],
    ],
    [
      "lets no author fill the queue",
      { waiting: { ofAuthor: 10, ofSite: 10, ofAll: 10 } },
      "refused",
      ["too-many-waiting"],
    ],
    [
      "nor any site",
      { waiting: { ofAuthor: 0, ofSite: 200, ofAll: 200 } },
      "refused",
      ["too-many-waiting"],
    ],
    [
      "nor many sites together",
      { waiting: { ofAuthor: 0, ofSite: 0, ofAll: 2_000 } },
      "refused",
      ["too-many-waiting"],
    ],
    [
      "and keeps no known author out for it",
      { follows: true, waiting: { ofAuthor: 0, ofSite: 200, ofAll: 2_000 } },
      "shown",
      [],
    ],
  ];

  for (const [title, change, state, why] of cases) {
    it(title, () => {
      expect(judgeComment(stranger(change))).to.deep.equal({ state, why });
    });
  }

  it("names every reason that there is", () => {
    const verdict = judgeComment(stranger({ isAutomated: true, accountAgeMs: 0, mentions: 7 }));

    expect(verdict.why).to.deep.equal([
      "first-comment",
      "new-account",
      "automated",
      "many-mentions",
    ]);
  });
});

describe("the rule for supports of elsewhere", () => {
  const person = {
    ...{ isBlocked: false, isWithdrawn: false, isAutomated: false },
    ...{ isCounted: false, wasDeclined: false, isLimited: false, isOneOfMany: false },
  };

  it("holds what comes from a limited server, and leaves what counted before the limit", () => {
    expect(judgeSupport({ ...person, isLimited: true })).to.equal("limited-host");
    expect(judgeSupport({ ...person, isLimited: true, isCounted: true })).to.equal(null);
    expect(judgeSupport({ ...person, isLimited: true, isAutomated: true })).to.equal("automated");
    expect(judgeSupport({ ...person, wasDeclined: true })).to.equal("declined");
  });

  it("keeps what waits as one of many waiting, whatever becomes of its server's limit", () => {
    const one = { ...person, isOneOfMany: true };
    expect(judgeSupport(one)).to.equal("many-new");
    expect(judgeSupport({ ...one, isLimited: true })).to.equal("many-new");
    expect(judgeSupport({ ...one, wasDeclined: true })).to.equal("declined");
    expect(judgeSupport({ ...one, isCounted: true })).to.equal(null);
  });

  it("counts a person and no machine, nobody who is blocked, nothing on what was withdrawn", () => {
    expect(judgeSupport(person)).to.equal(null);
    expect(judgeSupport({ ...person, isAutomated: true })).to.equal("automated");
    expect(judgeSupport({ ...person, isBlocked: true })).to.equal("blocked");
    expect(judgeSupport({ ...person, isWithdrawn: true })).to.equal("withdrawn");
  });
});
