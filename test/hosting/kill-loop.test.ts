import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import { createApp, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { createIds, type Clock } from "../../src/drivers/clock.js";
import { createEmbeddedQueue } from "../../src/drivers/queue/embedded.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { createAccount } from "../../src/features/accounts/accounts.js";
import { commentsCollection } from "../../src/features/comments/comments.js";
import { notificationsCollection } from "../../src/features/notifications/notifications.js";
import { proposalsCollection } from "../../src/features/proposals/proposals.js";
import { supportsCollection } from "../../src/features/supports/supports.js";
import { createTopic } from "../../src/features/topics/topics.js";
import type { Ctx } from "../../src/kit/index.js";
import { builtChild } from "../support/built.js";
import { aBrowser, type Browser } from "../support/deployment.js";
import { aMailer } from "../support/city.js";
import { aMedia } from "../support/media.js";

const source = new URL("./kill-loop.child.ts", import.meta.url);
const host = "valmont.example";
const rounds = 5;
const password = "une longue phrase";

/** Somebody who takes part, and what the city has told them it keeps. */
interface Participant {
  readonly memberId: string;
  readonly mail: string;
  readonly cookies: Map<string, string>;
  readonly tried: Set<string>;
  readonly titles: string[];
  readonly comments: string[];
  readonly supports: string[];
}

describe("A city whose process is killed again and again", function () {
  this.timeout(180_000);
  let child: string;
  let dataDir: string;
  let children: ChildProcess[];
  let people: Participant[];
  let numbers: number[];
  let said: number;
  let ahead = 60_000;
  let last: App | undefined;
  let topicId: string;

  before(async () => {
    child = await builtChild(source);
    dataDir = mkdtempSync(join(tmpdir(), "parvis-kill-"));
    [children, people, numbers, said] = [[], [], [], 0];
    const first = await opened();
    topicId = (await createTopic(first.ctx, { name: "Nature", description: "" }))._id;
    for (let n = 0; n < 6; n += 1) {
      const mail = `member${n}@mail.example`;
      const wish = { name: `Membre ${n}`, mail, password, roles: ["citizen" as const] };
      const { _id } = await createAccount(first.ctx, { ...wish, confirmed: true });
      const kept = { titles: [], comments: [], supports: [] };
      people.push({ memberId: _id, mail, cookies: new Map(), tried: new Set(), ...kept });
    }
    await first.app.close();
  });
  after(async () => {
    await last?.close();
    for (const started of children) started.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** The same deployment in this process, a little later, when delayed work has become due. */
  const opened = async (): Promise<{ app: App; ctx: Ctx }> => {
    const clock: Clock = { now: () => new Date(Date.now() + ahead) };
    const log = pino({ level: "silent" });
    const store = openSqliteStore(join(dataDir, "parvis.db"), { ttlIntervalMs: 0 });
    const queue = createEmbeddedQueue({ store, clock, ids: createIds(clock), log, pollMs: 5 });
    const { mailer } = aMailer();
    const config = loadConfig({ DATA_DIR: dataDir, LOG_LEVEL: "silent" });
    const app = await createApp(config, { store, queue, mailer, media: aMedia(), clock, log });
    const instance =
      (await app.instances.byHost(host)) ??
      (await app.instances.create({
        ...{ origin: `http://${host}`, name: "Valmont", language: "fr", kind: "city" },
        setUpTokenHash: null,
      }));
    return { app, ctx: app.contexts({ instance, member: null, language: "fr" }) };
  };

  const serve = async (): Promise<{ port: number; kill: () => Promise<void> }> => {
    const args = [child, dataDir];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(started);
    const [line] = (await once(started.stdout, "data")) as [Buffer];
    const kill = async (): Promise<void> => {
      started.kill("SIGKILL");
      if (started.exitCode === null && started.signalCode === null) await once(started, "exit");
    };
    return { port: Number(line.toString()), kill };
  };

  const browserOf = (port: number, person: Participant): Browser => {
    const browser = aBrowser(port, host);
    for (const [name, value] of person.cookies) browser.cookies.set(name, value);
    return browser;
  };

  /** One thing at random; what was answered with a redirect is a promise. */
  const takePart = async (
    browser: Browser,
    person: Participant,
    _csrf: string,
  ): Promise<boolean> => {
    const number = numbers[Math.floor(Math.random() * numbers.length)];
    const what = `${person.memberId} ${(said += 1)}`;
    const luck = Math.random();
    if (number === undefined || luck < 0.15) {
      const body = "Ici, devant l’école, il fait trop chaud.";
      const fields = { title: `Des arbres ${what}`, body, topicId, place: "", _csrf };
      const { status, headers } = await browser.post("/proposals/new", fields);
      if (status !== 303) return false;
      person.titles.push(fields.title);
      numbers.push(Number(headers.location?.match(/\/proposals\/(\d+)/)?.[1]));
    } else if (luck < 0.6) {
      const path = `/proposals/${number}/support`;
      if (person.tried.has(path)) return false;
      person.tried.add(path);
      const { status } = await browser.post(path, { _csrf });
      if (status !== 303) return false;
      person.supports.push(`${number}`);
    } else {
      const fields = { body: `Oui ${what}`, _csrf };
      const { status } = await browser.post(`/proposals/${number}/comments`, fields);
      if (status !== 303) return false;
      person.comments.push(fields.body);
    }
    return true;
  };

  const untilKilled = async (
    port: number,
    person: Participant,
    promised: () => void,
  ): Promise<void> => {
    const browser = browserOf(port, person);
    try {
      if (browser.cookies.size === 0) {
        await browser.submit("/sign-in", { mail: person.mail, password });
        for (const [name, value] of browser.cookies) person.cookies.set(name, value);
      }
      const token = await browser.token("/profile");
      for (;;) if (await takePart(browser, person, token)) promised();
    } catch (error) {
      if (error instanceof Error && "code" in error) return;
      throw error;
    }
  };

  for (let round = 1; round <= rounds; round += 1) {
    it(`serves its people again, and is killed among them (${round} of ${rounds})`, async () => {
      const { port, kill } = await serve();
      const most = 4 + Math.floor(Math.random() * 20);
      const enough = new AbortController();
      let promises = 0;
      const promised = (): void => {
        promises += 1;
        if (promises === most) setTimeout(() => enough.abort(), Math.random() * 10);
      };
      const work = people.map((person) => untilKilled(port, person, promised));
      await pause(20_000, undefined, { signal: enough.signal }).catch(() => undefined);
      await kill();
      await Promise.all(work);

      expect(promises).to.be.greaterThan(0);
    });
  }

  it("keeps every promise once, counts right, and tells everybody once", async () => {
    const { app, ctx } = await opened();
    last = app;
    await app.start();
    for (let n = 0; n < 3; n += 1) {
      await app.drivers.queue.idle();
      ahead += 30_000;
    }
    await settled(app);

    await app.drivers.store.check();
    await expectPromises(ctx, people);
    await expectFigures(ctx);
    await expectNotices(ctx);
    expect(await app.drivers.store.collection("intents").countDocuments({})).to.equal(0);
  });
});

/** The last intents are removed just after their jobs are stored. */
async function settled(app: App): Promise<void> {
  const intents = app.drivers.store.collection("intents");
  for (let n = 0; n < 100 && (await intents.countDocuments({})) > 0; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await app.drivers.queue.idle();
  }
}

async function expectPromises(ctx: Ctx, people: readonly Participant[]): Promise<void> {
  const proposals = await ctx.collection(proposalsCollection).find({}).toArray();
  const comments = await ctx.collection(commentsCollection).find({}).toArray();
  const supports = await ctx.collection(supportsCollection).find({}).toArray();
  const numberOf = new Map(proposals.map(({ _id, number }) => [_id, String(number)]));
  const kept = {
    titles: proposals.map(({ title }) => title),
    comments: comments.map(({ body }) => body),
    supports: supports.map((one) => `${one.personId} ${numberOf.get(one.proposalId) ?? ""}`),
  };
  const promised = {
    titles: people.flatMap(({ titles }) => titles),
    comments: people.flatMap((person) => person.comments),
    supports: people.flatMap(({ memberId, supports: all }) => all.map((n) => `${memberId} ${n}`)),
  };
  for (const kind of ["titles", "comments", "supports"] as const) {
    const present = new Set(kept[kind]);
    expect(present.size, `${kind}, each once`).to.equal(kept[kind].length);
    expect(promised[kind].length, `${kind} acknowledged`).to.be.greaterThan(5);
    expect(promised[kind].filter((one) => !present.has(one))).to.deep.equal([]);
  }
  const numbers = proposals.map(({ number }) => number);
  expect(new Set(numbers).size).to.equal(numbers.length);
}

async function expectFigures(ctx: Ctx): Promise<void> {
  for await (const { _id, counts } of ctx.collection(proposalsCollection).find({})) {
    const supports = await ctx.collection(supportsCollection).countDocuments({ proposalId: _id });
    const comments = await ctx
      .collection(commentsCollection)
      .countDocuments({ proposalId: _id, parentId: null });

    expect([counts.supports, counts.comments]).to.deep.equal([supports, comments]);
  }
}

async function expectNotices(ctx: Ctx): Promise<void> {
  const proposals = await ctx.collection(proposalsCollection).find({}).toArray();
  const authors = new Map(proposals.map(({ _id, authorId }) => [_id, authorId]));
  const comments = await ctx.collection(commentsCollection).find({}).toArray();
  const expected = comments
    .map(({ _id, proposalId, authorId }) => ({ _id, to: authors.get(proposalId), by: authorId }))
    .filter(({ to, by }) => to !== by)
    .map(({ _id, to }) => `${to ?? ""} ${_id}`);
  const notices = await ctx.collection(notificationsCollection).find({}).toArray();

  expect(expected.length).to.be.greaterThan(5);
  expect(notices.map(({ memberId, subjectId }) => `${memberId} ${subjectId}`).sort()).to.deep.equal(
    expected.sort(),
  );
}
