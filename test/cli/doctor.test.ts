import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createApp, type App } from "../../src/app.js";
import { checkClock, checkQueue, checkStore } from "../../src/cli/doctor-checks.js";
import { checkKeeping, checkRedis } from "../../src/cli/doctor-redis.js";
import { loadConfig } from "../../src/config.js";
import { QueueRefuses, type Queue, type QueueKeeping } from "../../src/drivers/queue/queue.js";
import { queueNames } from "../../src/kit/work.js";
import type { Store } from "../../src/drivers/store/collection.js";
import type { Instance, InstanceState } from "../../src/kit/index.js";
import { aBucket } from "../support/s3.js";
import { openDesk } from "./support.js";

interface Report {
  readonly level: string;
  readonly findings: ReadonlyArray<{
    readonly name: string;
    readonly level: string;
    readonly text: string;
    readonly remedy: string | null;
  }>;
}

describe("the doctor", function () {
  this.timeout(60_000);
  const desk = openDesk();
  let handler: RequestListener = (_req, res) => void res.end("Bonjour");
  let server: Server;
  let app: App | null = null;

  before(async () => {
    server = createServer((req, res) => handler(req, res));
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const origin = `http://valmont.localhost:${port}`;
    const city = ["--name", "Valmont", "--kind", "city", "--origin", origin];
    expect((await desk.run(["instance", "create", ...city])).code).to.equal(0);
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await app?.close();
    desk.remove();
  });

  const finding = async (name: string, env: object = {}) => {
    const { out, code } = await desk.run(["doctor", "--json"], { env });
    const { findings } = JSON.parse(out) as Report;
    return { code, ...findings.find((one) => one.name === name) };
  };

  it("finds out that something else answers at the address", async () => {
    const found = await finding("address");

    expect(found).to.deep.include({ code: 1, level: "fail" });
    expect(found.text).to.include("not as Parvis");
    expect(found.remedy).to.include("proxy");
  });

  it("is content with a deployment that runs, and only remarks on mails kept as files", async () => {
    app = await createApp(loadConfig(desk.env));
    handler = app.web;

    const { code, out } = await desk.run(["doctor"]);

    expect(out).to.not.match(/^fail/m);
    expect(code).to.equal(0);
    const queues = queueNames.map((name) => `queue ${name}`);
    for (const name of ["configuration", "disk", "store", "instances", ...queues, "clock"]) {
      expect(out).to.match(new RegExp(`^ok    ${name}`, "m"));
    }
    expect(out).to.match(/^ok {4}address .*answers as Parvis$/m);
    expect(out).to.match(/^warn {2}mail .*\n +→ set SMTP_URL/m);
  });

  it("notices a mail server that does not answer, without telling its password", async () => {
    const { code, out } = await desk.run(["doctor"], {
      env: { SMTP_URL: "smtp://maud:motdepasse@127.0.0.1:1" },
    });

    expect(code).to.equal(1);
    expect(out).to.match(/^fail {2}mail .*\n +→ check SMTP_URL/m);
    expect(out).to.not.include("motdepasse");
  });

  it("tries the bucket out, and tells neither keys nor more than the kind of failure", async () => {
    const bucket = await aBucket();
    const well = await finding("pictures", bucket.env);
    const secret = { S3_SECRET_ACCESS_KEY: "un secret de trop" };
    const wrong = await desk.run(["doctor"], { env: { ...bucket.env, ...secret } });
    await bucket.close();

    expect(well).to.deep.include({ level: "ok" });
    expect(well.text).to.include("parvis-media");
    expect(bucket.objects.size).to.equal(0);
    expect(wrong.code).to.equal(1);
    expect(wrong.out).to.match(/^fail {2}pictures .*SignatureDoesNotMatch\n +→ check S3_/m);
    expect(wrong.out).to.not.include("un secret de trop");
  });

  it("remarks on an instance that is suspended, whose address still answers", async () => {
    await desk.run(["instance", "suspend", "valmont.localhost"]);
    // Any change has the running server forget the hosts it remembers.
    await app?.instances.update("none", { tagline: "" });

    const found = await finding("address");
    const { out } = await desk.run(["doctor"]);

    await desk.run(["instance", "resume", "valmont.localhost"]);
    expect(found).to.deep.include({ code: 0, level: "ok" });
    expect(out).to.match(/^warn {2}instances .*suspended\n +→ .*instance resume/m);
  });

  it("says what is wrong with the configuration, and that nothing further was checked", async () => {
    const found = await finding("start", { SMTP_URL: "pigeon" });

    expect(found).to.deep.include({ code: 1, level: "fail" });
    expect(found.text).to.include("SMTP_URL");
  });

  it("asks nobody for what has been removed, and fails for no address that was taken down", async () => {
    const port = 1;
    const until = new Date(Date.now() - 60_000);
    const deletion = { before: "active", at: until, until } as const;
    const states = {
      gone: { deletion },
      leaving: { deletion },
      deleted: { deletion },
      suspended: {},
    };
    for (const [state, change] of Object.entries(states)) {
      const origin = `http://${state}.localhost:${port}`;
      const city = { origin, name: state, language: "fr", kind: "city" } as const;
      const made = await app!.instances.create({ ...city, setUpTokenHash: null });
      await app!.instances.update(made._id, { ...change, state: state as InstanceState });
    }

    const { out, code } = await desk.run(["doctor"]);
    const gone = await desk.run(["doctor", "--instance", "gone.localhost"]);

    expect([code, gone.code]).to.deep.equal([0, 0]);
    expect(out + gone.out).not.to.match(/(gone|leaving)\.localhost:/);
    expect(gone.out).to.match(/^ok {4}instances +gone\.localhost was removed/m);
    expect(out).to.match(/^ok {4}instances +deleted\.localhost .*has ended/m);
    expect(out).not.to.contain("instance undelete");
    expect(out).to.match(/^warn {2}address .*deleted\.localhost:1 does not answer/m);
    expect(out).to.match(/^warn {2}address .*suspended\.localhost:1 does not answer/m);
  });

  it("finds out that nothing listens", async () => {
    server.close();
    server.closeAllConnections();

    const found = await finding("address");

    expect(found).to.deep.include({ code: 1, level: "fail" });
    expect(found.text).to.include("nothing listens there");
  });
});

describe("the doctor of a deployment with many instances", function () {
  this.timeout(60_000);
  const desk = openDesk();
  after(() => desk.remove());

  it("counts all, sees whatever is not served among them, and says whom it has not asked", async () => {
    const app = await createApp(loadConfig(desk.env));
    for (let number = 1; number <= 66; number += 1) {
      const origin = `http://ville-${number}.localhost:1`;
      const city = { origin, name: "Ville", language: "fr", kind: "city" } as const;
      const { _id } = await app.instances.create({ ...city, setUpTokenHash: null });
      if (number === 1) await app.instances.update(_id, { state: "gone" });
      if (number > 44) await app.instances.update(_id, { state: "suspended" });
    }
    const begun = { name: "Vallon", language: "fr", kind: "city", state: "new" } as const;
    await app.instances.create({
      ...begun,
      origin: "http://vallon.localhost:1",
      setUpTokenHash: null,
    });
    await app.close();

    const { out } = await desk.run(["doctor"]);

    expect(out).to.match(
      /^warn {2}instances +vallon.localhost was not made .*\n +→ .*instance create/m,
    );
    expect(out).to.match(/^ok {4}instances +43 active$/m);
    expect(out.match(/^warn {2}instances +ville-\d+\.localhost is suspended$/gm)).to.have.length(
      20,
    );
    expect(out).to.match(/^warn {2}instances +22 are suspended, .*\n +→ .*instance list/m);
    expect(out.match(/^fail {2}address +http/gm)).to.have.length(20);
    expect(out).to.match(/^ok {4}address +20 of 43 active .*\n +→ .*doctor --instance/m);
  });
});

describe("the doctor of a deployment with some cities", function () {
  this.timeout(30_000);
  const desk = openDesk();
  const waiting: ServerResponse[] = [];
  const server = createServer((_req, res) => {
    if (waiting.push(res) === 3) for (const one of waiting) one.end("Bonjour");
  });
  after(() => {
    server.close();
    desk.remove();
  });

  it("asks them all at once, and not one after the other when a proxy is silent", async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const name of ["Valmont", "Montval", "Clairmont"]) {
      const city = ["--name", name, "--kind", "city"];
      const origin = `http://${name.toLowerCase()}.localhost:${port}`;
      await desk.run(["instance", "create", ...city, "--origin", origin]);
    }

    const { out } = await desk.run(["doctor"]);

    expect(out.match(/^fail {2}address .* answers 200, but not as Parvis$/gm)).to.have.length(3);
  });

  it("says how many jobs wait for a Redis that is away", async () => {
    const env = { REDIS_URL: "redis://127.0.0.1:1" };
    const city = ["--name", "Hautmont", "--kind", "city", "--origin", "http://hautmont.localhost"];
    await desk.run(["instance", "create", ...city], { env });

    const { out } = await desk.run(["doctor"], { env });

    expect(out).to.match(
      /^fail {2}queue default +the queue does not answer, \d+ kept until Redis takes them$/m,
    );
    expect(out).to.match(/^fail {2}queue mail +the queue does not answer$/m);
  });
});

describe("the doctor's judgement", () => {
  const now = new Date("2026-03-02T08:00:00Z");
  const madeAt = (createdAt: Date): Instance => ({ createdAt }) as Instance;
  const seconds = (n: number): Date => new Date(now.getTime() + n * 1000);
  const none = { kept: 0, parked: 0 };

  it("of a clock: half a minute is fine, some minutes are not, five minutes fail", () => {
    const instances = [madeAt(seconds(-3600))];

    expect(checkClock(now, instances, [seconds(5)]).level).to.equal("ok");
    expect(checkClock(now, instances, [seconds(-60)]).level).to.equal("warn");
    expect(checkClock(now, instances, [seconds(900)]).level).to.equal("fail");
  });

  it("of a clock that is behind what was stored", () => {
    const found = checkClock(now, [madeAt(seconds(7200))], []);

    expect(found).to.deep.include({ level: "fail", text: "7200 s away from what is stored" });
  });

  it("of queues: jobs given up or piled up are worth a look, those of long ago are not", async () => {
    let diedAt = seconds(-6 * 24 * 3_600);
    const queue = (waiting: number, dead: number, due: Date | null = null): Queue =>
      ({
        check: async () => undefined,
        oldestDue: async () => due,
        dead: async () => [{ diedAt }],
        counts: async () => ({ waiting, dead, delayed: 0, running: 0 }),
      }) as unknown as Queue;

    const levelOf = async (one: Queue) =>
      (await checkQueue({ queue: one, stored: none }, "default", now)).level;

    expect(await levelOf(queue(3, 0, seconds(-60)))).to.equal("ok");
    expect(await levelOf(queue(3, 1))).to.equal("warn");
    expect(await levelOf(queue(3000, 0))).to.equal("warn");
    diedAt = seconds(-8 * 24 * 3_600);
    expect(await levelOf(queue(3, 1))).to.equal("ok");
  });

  it("of two jobs that nobody has begun for ten minutes: whoever should is not there", async () => {
    const queue = {
      check: async () => undefined,
      counts: async () => ({ waiting: 2, dead: 0, delayed: 0, running: 0 }),
      oldestDue: async () => seconds(-600),
    } as unknown as Queue;

    const found = await checkQueue({ queue, stored: none }, "default", now);

    expect(found.level).to.equal("warn");
    expect(found.text).to.contain("2 waiting").and.to.contain("the oldest due for 10 min");
    expect(found.remedy).to.contain("ROLE");
  });

  it("of a full Redis: it fails, and says what makes room; that it fills up is told before", async () => {
    const full = new QueueRefuses("full", "Redis is full, and takes no jobs");
    const used = (megabytes: number): Queue =>
      ({
        check: () => Promise.reject(full),
        memory: async () => ({ used: megabytes * 1_000_000, most: 100_000_000 }),
      }) as unknown as Queue;

    const found = await checkQueue(
      { queue: used(100), stored: { kept: 8, parked: 0 } },
      "default",
      now,
    );

    expect(found).to.deep.include({
      level: "fail",
      text: "Redis is full, and takes no jobs, 8 kept until Redis takes them",
    });
    expect(found.remedy).to.contain("maxmemory");
    const [early] = await checkRedis(used(81));
    expect(early).to.deep.include({ level: "warn", text: "81.0 MB used of 100.0 MB" });
    expect((await checkRedis(used(20)))[0]?.level).to.equal("ok");
  });

  it("of a Redis that loses or throws away the jobs it has taken, and of none that keeps them", async () => {
    const kept = { isOnDisk: true, isSynced: true, evicts: null };
    const keeping = (told: Partial<QueueKeeping> | null): Queue =>
      ({ keeping: async () => (told === null ? null : { ...kept, ...told }) }) as unknown as Queue;
    const remedies = async (told: Partial<QueueKeeping> | null): Promise<string[]> => {
      const found = await checkKeeping(keeping(told));
      expect(found.every(({ level }) => level === "warn")).to.equal(true);
      return found.map(({ remedy }) => remedy ?? "");
    };

    for (const well of [null, {}, { isSynced: null }]) {
      expect(await remedies(well)).to.deep.equal([]);
    }
    expect((await remedies({ evicts: "allkeys-lru" }))[0]).to.contain("noeviction");
    expect((await remedies({ isSynced: false }))[0]).to.contain("appendfsync");
    const [evicting, inMemory, ...rest] = await remedies({
      ...{ evicts: "volatile-lru", isOnDisk: false, isSynced: false },
    });
    expect(evicting).to.contain("noeviction");
    expect(inMemory).to.contain("appendonly");
    expect(rest).to.deep.equal([]);
  });

  it("of a damaged store: it fails, with what was found", async () => {
    const store = { check: () => Promise.reject(new Error("the file is damaged")) };

    const found = await checkStore(store as unknown as Store, { mongodbUrl: null });

    expect(found).to.deep.include({ level: "fail", text: "the file is damaged" });
    expect(found.remedy).to.contain("backup");
  });

  it("of servers of a store: whether they answer, and never that a backup should take their place", async () => {
    const mongodbUrl = "mongodb://store.example/parvis";
    const away = { check: () => Promise.reject(new Error("nobody answers")) };
    const there = { check: () => Promise.resolve() };

    const failed = await checkStore(away as unknown as Store, { mongodbUrl });
    const found = await checkStore(there as unknown as Store, { mongodbUrl });

    expect(failed.level).to.equal("fail");
    expect(failed.remedy).to.contain("MONGODB_URL").and.not.to.contain("restore");
    expect(found.text).to.match(/^MongoDB answers, in \d+ ms$/);
  });
});
