import { expect } from "chai";
import type { Row } from "../../../src/drivers/store/collection.js";
import { spoolCollection } from "../../../src/drivers/queue/queue-tables.js";
import { shownReason } from "../../../src/drivers/queue/failure-text.js";
import { QueueRefuses, type NewJob, type Queue } from "../../../src/drivers/queue/queue.js";
import { sendReset } from "../../../src/features/accounts/accounts.jobs.js";
import { mailNotice } from "../../../src/features/notifications/mailing.js";
import { features } from "../../../src/features.js";
import { actOnKind, kindDeed, kindJob } from "../../../src/features/operators/dead-jobs.js";
import type { OperatorParts } from "../../../src/features/operators/parts.js";
import { queuesModel } from "../../../src/features/operators/queues.pages.js";
import { aboutDead } from "../../../src/features/operators/shown-jobs.js";
import { mostStoredCounted, parkedJobs } from "../../../src/hosting/parked-jobs.js";
import { instanceOfJob } from "../../../src/hosting/outbox.js";
import type { Req } from "../../../src/kit/index.js";
import { openEngine } from "../../support/engine.js";
import { queueNames } from "../../../src/kit/work.js";
import { textOf } from "../../support/forms.js";
import { aMailServer, anOperated, home, other, type Operated } from "./support.js";

const page = "/operator/queues";
const quick = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };

describe("The page of queues and of jobs that were given up", function () {
  this.timeout(20_000);
  let the: Operated;
  let mails: ReturnType<typeof aMailServer>;
  before(async () => {
    mails = aMailServer();
    the = await anOperated({ mailer: mails.mailer });
  });
  beforeEach(async () => {
    mails.mend(true);
    mails.sent.length = 0;
    for (const name of queueNames) {
      const dead = await queue().dead(name, 1_000);
      await queue().drop(
        name,
        dead.map(({ id }) => id),
      );
    }
  });
  after(() => the.site.close());

  const queue = () => the.site.app.drivers.queue;

  /** Jobs whose payload is of no use: they are given up at their first try. */
  async function giveUp(host: string, count: number, change: Partial<NewJob> = {}) {
    const { instance } = await the.site.ctx(host);
    const jobs = Array.from({ length: count }, (_, i): NewJob => {
      const data = { instanceId: instance._id, payload: { mail: "ada@mail.example" } };
      const id = `${change.name ?? "accounts.remind"}/${instance._id}/${i}`;
      return {
        ...{ id, queue: "default", name: "accounts.remind", data, attempts: 1, backoff: quick },
        ...change,
      };
    });
    await queue().add(jobs);
    await the.site.settle();
    return jobs.map(({ id }) => id);
  }

  /** A mail that the mail server refused. */
  async function aRefusedMail(): Promise<string> {
    const ctx = await the.site.ctx(home);
    await ctx.enqueue(sendReset, { memberId: the.operator.memberId });
    await the.site.settle();
    const [dead] = await queue().dead("mail", 1);
    if (dead === undefined) throw new Error("the mail was not given up");
    return dead.id;
  }

  const send = async (fields: Record<string, string>) =>
    the.operator.post(page, { _csrf: await the.operator.token(page), ...fields });
  const journal = async () =>
    (await the.site.app.operators.operators.journal({ limit: 10 })).map(
      ({ deed, by, isVain = false }) => ({ ...deed, by: by?.name ?? null, isVain }),
    );

  it("tells how many wait, and shows kind, instance, ids and reason without a person's address", async () => {
    mails.mend(true);
    const ctx = await the.site.ctx(home);
    const proposalId = ctx.ids.next();
    const data = {
      instanceId: ctx.instance._id,
      payload: {
        proposalId,
        inbox: "https://social.example/users/maria/inbox",
        mail: "m@x.example",
      },
    };
    await giveUp(home, 1, { data });

    const { text } = await the.operator.get(page);

    const read = textOf(text);
    expect(read).to.match(/Abandonnés\s*1/);
    // It was refused at its first try: not every one here has used up all of them.
    expect(read).not.to.contain("à chaque essai");
    expect(read).to.contain("ou ont été refusés de façon définitive avant");
    expect(read).to.match(/accounts\.remind 1 essai/);
    expect(read).to.contain("payload of accounts.remind is not as declared");
    expect(read).to.contain(home);
    expect(read).to.contain(`proposition ${proposalId}`).and.not.to.contain("proposalId");
    expect(read).to.contain("Message du programme, en anglais");
    expect(text).to.match(/<span lang="en">[^<]*is not as declared/);
    expect(text).not.to.contain("maria");
    expect(text).not.to.contain("m@x.example");
  });

  it("has a mail that was refused sent once the mail server is mended, and writes down who asked", async () => {
    const id = await aRefusedMail();
    mails.mend(false);

    const before = textOf((await the.operator.get(page)).text);
    const answer = await send({ queue: "mail", act: "retry", id });
    await the.site.settle();

    expect(before).to.match(/Mails À surveiller/);
    expect(before).to.match(/Envois aux autres serveurs Tout va bien/);
    expect(answer.status).to.equal(303);
    expect(mails.sent).to.have.length(1);
    expect(await queue().dead("mail", 10)).to.deep.equal([]);
    expect((await journal())[0]).to.deep.equal({
      ...{ act: "job-retried", queue: "mail", id, by: "Inès", isVain: false },
    });
    expect(textOf((await the.operator.get(page)).text)).to.contain("Ce travail est relancé");
  });

  it("sends it once when two operators press at the same time", async () => {
    const id = await aRefusedMail();
    mails.mend(false);

    await Promise.all([1, 2, 3].map(() => send({ queue: "mail", act: "retry", id })));
    await the.site.settle();

    expect(mails.sent).to.have.length(1);
    await send({ queue: "mail", act: "retry", id });
    expect(textOf((await the.operator.get(page)).text)).to.contain("n’est plus abandonné");
    await the.site.settle();
    expect(mails.sent).to.have.length(1);
  });

  it("has a word in both languages for whatever a job can be about", async () => {
    const { translatorFor, operators } = the.site.app;
    const jobs = [...features, operators.feature].flatMap((feature) => feature.jobs);
    const fields = jobs
      .flatMap(({ payload }) => ("shape" in payload ? Object.keys(payload.shape as object) : []))
      .filter((field) => field.endsWith("Id"));

    expect(fields).to.include.members(["memberId", "notificationId"]);
    for (const field of fields) {
      for (const language of ["fr", "en"] as const) {
        const words = translatorFor(language, "UTC", "city");
        expect(words.has(`operators.queues.things.${field}`), `${field} ${language}`).to.equal(
          true,
        );
      }
    }
  });

  it("says of each queue what is in it: all mails are in one of their own", async () => {
    const read = textOf((await the.operator.get(page)).text);

    expect([mailNotice.queue, sendReset.queue]).to.deep.equal(["mail", "mail"]);
    expect(read).to.match(/Mails.{0,40}des comptes d’abord, puis ceux de notification/s);
    expect(read).to.match(/Envois aux autres serveurs.{0,40}Ce qui part/s);
  });

  it("forgets one, and no other", async () => {
    const [first = "", second = ""] = await giveUp(home, 2);

    await send({ queue: "default", act: "drop", id: first });

    expect((await queue().dead("default", 10)).map(({ id }) => id)).to.deep.equal([second]);
    expect((await journal())[0]).to.include({ act: "job-dropped", id: first });
  });

  it("forgets all of a kind, however many, and nothing of another kind or queue", async () => {
    await giveUp(home, 250);
    const [kept = ""] = await giveUp(home, 1, { name: "accounts.warn-of-limit" });
    const [delivery = ""] = await giveUp(other, 1, { queue: "delivery" });

    await send({ queue: "default", kind: "accounts.remind", act: "drop" });
    await the.site.settle();

    expect((await queue().dead("default", 10)).map(({ id }) => id)).to.deep.equal([kept]);
    expect((await queue().dead("delivery", 10)).map(({ id }) => id)).to.deep.equal([delivery]);
    expect((await journal())[0]).to.include({
      ...{ act: "jobs-dropped", queue: "default", kind: "accounts.remind" },
    });
  });

  it("retries all of a kind once: what dies again meanwhile is left alone", async () => {
    await giveUp(home, 120);
    const until = the.site.clock.now().getTime();
    the.site.clock.advance(60_000);

    await send({ queue: "default", kind: "accounts.remind", act: "retry" });
    await the.site.settle();

    const dead = await queue().dead("default", 500);
    expect(dead).to.have.length(120);
    const [before] = dead.filter(({ diedAt }) => diedAt < the.site.clock.now());
    expect(before).to.equal(undefined);
    // The job comes again after a crash: nothing that died before is left for it.
    const again = { queue: "default", kind: "accounts.remind", act: "retry", until } as const;
    expect(await actOnKind(queue(), again)).to.equal(0);
  });

  it("writes down that a kind was acted on in vain, once there are none left of it, and only then", async () => {
    await giveUp(home, 2);
    for (const act of ["drop", "drop", "retry"]) {
      await send({ queue: "default", kind: "accounts.remind", act });
      await the.site.settle();
    }

    const told = (await journal()).slice(0, 3).map(({ act, isVain }) => [act, isVain]);
    expect(told).to.deep.equal([
      ["jobs-retried", true],
      ["jobs-dropped", true],
      ["jobs-dropped", false],
    ]);
  });

  it("does not call in vain what was done before the process died, when its job comes again", async () => {
    await giveUp(home, 2);
    const { operators } = the.site.app.operators;
    const drop = { queue: "default", kind: "accounts.remind", act: "drop" } as const;
    const until = the.site.clock.now().getTime();
    let died = 0;
    const dying: Pick<Queue, "dead" | "drop"> = {
      dead: (...asked) => queue().dead(...asked),
      async drop(...asked) {
        await queue().drop(...asked);
        died += 1;
        throw new Error("the process died");
      },
    };
    const runOf = (of: Pick<Queue, "dead" | "drop">) =>
      kindJob({ queue: of as Queue, operators }).run;
    const ctx = await the.site.ctx(home);
    const attempt = { number: 1, of: 5 };

    await operators.record(null, kindDeed(drop), async (entry) => {
      const payload = { ...drop, until, entry };
      await runOf(dying)(ctx, payload, attempt).catch(() => undefined);
      await runOf(queue())(ctx, payload, attempt);
    });

    expect(died).to.equal(1);
    expect(await queue().dead("default", 10)).to.deep.equal([]);
    expect((await journal())[0]).to.include({ act: "jobs-dropped", isVain: false });
  });

  it("shows them a page at a time, by kind and by instance, each once", async () => {
    await giveUp(home, 30);
    await giveUp(other, 3, { name: "accounts.warn-of-limit" });
    const seen: number[] = [];
    let path: string | undefined = `${page}?queue=default`;
    while (path !== undefined) {
      const { text } = await the.operator.get(path);
      seen.push(text.split('name="id"').length - 1);
      path = /rel="next" href="([^"]+)"/
        .exec(text)?.[1]
        ?.replace(/&amp;/g, "&")
        .replace(/&#x3D;/g, "=");
    }
    const ofKind = await the.operator.get(`${page}?queue=default&kind=accounts.warn-of-limit`);
    const ofInstance = await the.operator.get(`${page}?queue=default&host=${other}`);

    expect(seen).to.deep.equal([25, 8]);
    expect(ofKind.text.split('name="id"')).to.have.length(4);
    expect(ofKind.text).to.contain("Relancer les 3");
    expect(ofInstance.text.split('name="id"')).to.have.length(4);
  });

  it("counts those of the instance that is looked at, and leads back to them once one is forgotten", async () => {
    await giveUp(home, 30);
    await giveUp(other, 3, { name: "accounts.warn-of-limit" });
    await giveUp(other, 1);
    await giveUp(other, 1, { queue: "delivery" });

    const { text } = await the.operator.get(`${page}?host=${other}`);
    const id = /name="id" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const answer = await send({ queue: "default", act: "drop", id, host: other, kind: "" });

    const read = textOf(text).replace(/\s+/g, " ");
    expect(read).to.match(/File Travaux courants 4 .* Mails 0 Envois aux autres serveurs 1 Genre/);
    expect(read).to.match(/Genre Tous accounts.warn-of-limit 3 accounts.remind 1 Seulement ceux/);
    expect(answer.headers.location).to.equal(`${page}?queue=default&host=${other}`);
    expect(text).to.contain(`name="host" value="${other}"`);
  });

  it("calls nobody to what was given up more than a week ago, and still shows it", async () => {
    await giveUp(home, 1);
    const fresh = textOf((await the.operator.get(page)).text);
    the.site.clock.advance(8 * 24 * 3_600_000);
    await the.site.settle();
    const old = textOf((await the.operator.get(page)).text);

    expect(fresh).to.match(/Travaux courants\s*À surveiller/);
    expect(old).to.match(/Travaux courants\s*Tout va bien/);
    expect(old)
      .to.match(/Abandonnés\s*1/)
      .and.to.contain("accounts.remind");
  });

  it("refuses what it never offered", async () => {
    for (const asked of ["queue=other", "host=nobody.example", "after=xyz", "after=W10"]) {
      expect((await the.operator.get(`${page}?${asked}`)).status, asked).to.equal(404);
    }
    for (const fields of [
      {},
      { queue: "default", act: "eat", id: "x" },
      { queue: "default", act: "drop" },
    ]) {
      expect((await send(fields as Record<string, string>)).status).to.equal(404);
    }
  });

  it("goes on showing the dead while the queue does not answer, and says so to who retries", async () => {
    const [id = ""] = await giveUp(home, 1);
    const away = () => Promise.reject(new Error("Redis does not answer"));
    const { counts, oldestDue, check } = queue();
    Object.assign(queue(), { counts: away, oldestDue: away, check: away });

    const read = textOf((await the.operator.get(page)).text);
    const refused = await send({ queue: "default", act: "retry", id });
    Object.assign(queue(), { counts, oldestDue, check });

    expect(read).to.contain("Ne répond pas");
    expect(read).to.contain("accounts.remind");
    expect(refused.status).to.equal(503);
  });

  it("tells how much waits for cities that are closed, as far as somebody has to know", async () => {
    const ctx = await the.site.ctx(other);
    const suspension = { reason: "", at: ctx.clock.now() };
    await ctx.changeInstance({ state: "suspended", suspension });
    await giveUp(other, 2);
    const { store } = the.site.app.drivers;
    const many = Array.from({ length: mostStoredCounted + 1 }, (_, n) => `delivery:job/${n}`);
    const rows = many.map((_id) => ({ _id }));
    await store.collection<Row>(parkedJobs.name).insertMany(rows);

    const read = textOf((await the.operator.get(page)).text);

    expect(read).to.match(/instances fermées\s*2\s*Abandonnés\s*0/);
    expect(read).to.match(/instances fermées\s*Plus de 10\s000/);
  });

  it("tells how much waits in the store while Redis takes nothing, so that nobody takes it for lost", async () => {
    const { app, clock } = the.site;
    const { store } = await openEngine({ clock });
    const kept = ["default:a", "default:b"].map((_id) => ({ _id }));
    await store.collection<Row>(spoolCollection).insertMany(kept);
    const away = () => Promise.reject(new Error("Redis does not answer"));
    const answers = { ...queue(), counts: away, oldestDue: away };
    const parts = { queue: answers, store, instances: app.instances } as unknown as OperatorParts;

    const req = { query: {} } as unknown as Req;
    const { queues } = await queuesModel(await the.site.ctx(home), parts, req);
    await store.close();

    const told = queues.map(({ figures }) =>
      figures.filter(({ label }) => label.includes("Redis")).map(({ value }) => value),
    );
    expect(told).to.deep.equal(queueNames.map((name) => (name === "default" ? ["2"] : [])));
  });

  it("comes after one that says it when Redis is full, and what to do", async () => {
    const { check } = queue();
    const refusal = new QueueRefuses("full", "Redis is full, and takes no jobs");
    Object.assign(queue(), { check: () => Promise.reject(refusal) });

    const read = textOf((await the.operator.get("/operator")).text);
    Object.assign(queue(), { check });

    expect(read).to.contain("Pleine").and.to.contain("maxmemory");
  });
});

describe("What operators read about a job", () => {
  it("is never a person's address, be it of a mail or on the network", () => {
    expect(shownReason("550 <ada@mail.example>: no such user")).to.equal("550 <…>: no such user");
    expect(shownReason("@ada@social.example refused")).to.equal("… refused");
    expect(shownReason("https://social.example/users/ada/inbox answered 500")).to.equal(
      "https://social.example/… answered 500",
    );
  });

  it("is the ids that were made here, and nothing else of it", () => {
    const id = "01kjpq4fyw2fzd5xx9w8m6v3at";
    const payload = { id, mail: "ada@mail.example", name: "Ada", inbox: "https://a.example/ada" };
    expect(aboutDead({ instanceId: id, payload })).to.deep.equal([{ field: "id", id }]);
    for (const odd of [null, "x", {}, { payload: "x" }, { payload: [id] }]) {
      expect(aboutDead(odd)).to.deep.equal([]);
    }
    expect(instanceOfJob({ instanceId: id, payload })).to.equal(id);
    expect(instanceOfJob({ payload })).to.equal(null);
  });
});
