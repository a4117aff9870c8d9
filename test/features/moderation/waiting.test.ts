import { expect } from "chai";
import type { Comment } from "../../../src/features/comments/comment.js";
import { commentsCollection } from "../../../src/features/comments/comments.js";
import {
  receiveReport,
  reportsCollection,
  reportSubject,
} from "../../../src/features/moderation/reports.js";
import { expectRefusal } from "../../support/builders.js";
import { closeCities } from "../../support/city.js";
import { aBench, type Bench } from "./support.js";

describe("what waits for moderators", () => {
  afterEach(closeCities);

  /** Have as much wait as if many had come, each of a host of its own. */
  async function alsoWait({ city }: Bench, like: Comment, sites: readonly string[]): Promise<void> {
    const { handled } = like;
    if (handled === undefined) throw new Error("it does not wait");
    const rows = sites.map((site, at) => ({
      ...like,
      ...{
        _id: city.visitor.ids.next(),
        authorId: `a${site}${at}`,
        uri: `${like.uri}/${site}/${at}`,
      },
      handled: { ...handled, host: `n${at}.${site}`, site },
    }));
    await city.visitor.collection(commentsCollection).insertMany(rows);
  }

  it("is 200 comments of a registered domain at most, whatever names it gives itself", async () => {
    const bench = await aBench();
    const first = await bench.say("ana", "Bonjour");
    await alsoWait(bench, first, Array<string>(200).fill("evil.example"));
    const evil = { host: "n999.evil.example", site: "evil.example" };

    expect((await bench.say("spam", "Achetez", evil)).state).to.equal("refused");
    expect((await bench.say("ben", "Bonjour")).state).to.equal("held");
    expect((await bench.say("zoe", "Bonjour", { ...evil, follows: true })).state).to.equal("shown");
  });

  it("is 2,000 comments in all, however many domains somebody registers", async () => {
    const bench = await aBench();
    const first = await bench.say("ana", "Bonjour");
    const sites = Array.from({ length: 1_998 }, (_, at) => `evil-${at}.example`);
    await alsoWait(bench, first, sites);

    expect((await bench.say("ben", "Bonjour")).state).to.equal("held");
    expect((await bench.say("spam", "Achetez")).state).to.equal("refused");
  });

  it("is 2,000 reports of elsewhere, and those of residents besides", async () => {
    const { city, moderator, proposal } = await aBench();
    const subject = { kind: "proposal", id: proposal._id } as const;
    const report = { subject, why: "other", words: "" } as const;
    const from = (name: string) => ({
      ...{ actorUri: `https://${name}/actor`, host: name, site: name },
    });
    expect(await receiveReport(city.visitor, { ...report, ...from("one.example") })).to.equal(true);
    const rows = city.visitor.collection(reportsCollection);
    const kept = await rows.findOne({});
    if (kept === null) throw new Error("nothing was kept");
    await rows.insertMany(
      Array.from({ length: 1_999 }, (_, at) => ({ ...kept, _id: `r${at}`, reporterKey: `k${at}` })),
    );

    const further = receiveReport(city.visitor, { ...report, ...from("two.example") });

    await expectRefusal(further, "too-many-tries");
    await reportSubject(moderator, report);
    expect(await rows.countDocuments({})).to.equal(2_001);
  });
});
