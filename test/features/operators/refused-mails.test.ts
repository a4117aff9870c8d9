import { expect } from "chai";
import { publishComment } from "../../../src/features/comments/comments.js";
import { notificationsCollection } from "../../../src/features/notifications/notifications.js";
import type { Ctx } from "../../../src/kit/index.js";
import { aProposal } from "../../support/builders.js";
import { aMailServer, anOperated, home, type Operated } from "./support.js";

const page = "/operator/queues";

describe("A mail of news that the mail server refused", function () {
  this.timeout(20_000);
  const mails = aMailServer();
  let the: Operated;
  before(async () => {
    the = await anOperated({ mailer: mails.mailer });
  });
  beforeEach(() => {
    mails.mend(true);
    mails.sent.length = 0;
  });
  after(() => the.site.close());

  const queue = () => the.site.app.drivers.queue;

  async function as(memberId: string, name: string): Promise<Ctx> {
    const ctx = await the.site.ctx(home);
    return { ...ctx, member: { _id: memberId, name, roles: ["citizen"], language: "fr" } };
  }

  /** Somebody comments on proposals of the operator, and each mail about it is refused. */
  async function refusedNews(count: number): Promise<string[]> {
    const author = await as(the.operator.memberId, "Inès");
    const { memberId } = await the.somebody(home);
    const bea = await as(memberId, "Bea");
    for (let n = 0; n < count; n += 1) {
      const { _id: proposalId } = await aProposal(author, { title: `Un banc à l’ombre (${n})` });
      await publishComment(bea, { proposalId, parentId: null, body: "Oui, volontiers !" });
    }
    await the.site.settle();
    const dead = await queue().dead("mail", 10, { name: "notifications.mail" });
    expect(dead).to.have.length(count);
    return dead.map(({ id }) => id);
  }

  async function press(fields: Record<string, string>): Promise<void> {
    const _csrf = await the.operator.token(page);
    const { status } = await the.operator.post(page, { _csrf, queue: "mail", ...fields });
    expect(status).to.equal(303);
    await the.site.settle();
  }

  const states = async () => {
    const ctx = await the.site.ctx(home);
    const rows = await ctx.collection(notificationsCollection).find({}).toArray();
    return rows.map(({ mail }) => mail);
  };

  afterEach(async () => {
    await (await the.site.ctx(home)).collection(notificationsCollection).deleteMany({});
  });

  it("goes out when an operator retries it after the mail server was mended, and only once", async () => {
    const [id = ""] = await refusedNews(1);
    mails.mend(false);

    await press({ act: "retry", id });
    await press({ act: "retry", id });

    expect(mails.sent).to.have.length(1);
    expect(await states()).to.deep.equal(["sent"]);
    expect(await queue().dead("mail", 10)).to.deep.equal([]);
  });

  it("goes out with all others of its kind", async () => {
    await refusedNews(3);
    mails.mend(false);

    await press({ act: "retry", kind: "notifications.mail" });

    expect(mails.sent).to.have.length(3);
    expect(await states()).to.deep.equal(["sent", "sent", "sent"]);
  });

  it("is given up again, and stays with the operator, while the mail server still refuses it", async () => {
    const [id = ""] = await refusedNews(1);

    await press({ act: "retry", id });

    expect(await states()).to.deep.equal(["refused"]);
    const dead = await queue().dead("mail", 10);
    expect(dead.map((job) => job.id)).to.deep.equal([id]);
  });
});
