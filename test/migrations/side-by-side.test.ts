import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { expect } from "chai";
import { createApp } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import type { Row } from "../../src/drivers/store/collection.js";
import { openStore } from "../../src/drivers/store/open.js";
import { createAccount } from "../../src/features/accounts/accounts.js";
import { newPerson } from "../../src/features/people/people.js";
import type { Topic } from "../../src/features/topics/topic.js";
import { storePlace } from "../../src/hosting/opening.js";
import type { Member } from "../../src/kit/index.js";
import { builtChild } from "../support/built.js";
import { aProposal, aTopic } from "../support/builders.js";
import { aBrowser, type Browser } from "../support/deployment.js";
import { aMongoDatabase, closeMongoStores } from "../support/mongo-store.js";
import { needs, type Need } from "../support/needs.js";

const host = "valmont.example";
const password = "une longue phrase";
const mails = ["a", "b", "c", "d"].map((name) => `${name}@mail.example`);
const member: Member = { _id: "camille", name: "Camille", roles: ["citizen"], language: "fr" };
const pages = ["/proposals", "/proposals/1"];
/** Rows of a slice, and more of them than it has. */
const slice = 200;
const earlier = 230;
/** How often somebody publishes at least. */
const rounds = 2;

interface Stored extends Row {
  readonly title: string;
  readonly number: number;
  readonly plainTitle?: string;
}

/** A process that serves, and what it has said so far. */
interface Served {
  readonly lines: readonly string[];
  /** Resolves with the first line that begins so. */
  said(beginning: string): Promise<string>;
  kill(): Promise<void>;
}

function serve(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Served {
  const child = spawn(process.execPath, [program, ...args], {
    ...{ env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] },
  });
  const lines: string[] = [];
  const told = new EventEmitter();
  createInterface({ input: child.stdout as Readable }).on("line", (line) => {
    lines.push(line);
    told.emit("line");
  });
  child.once("exit", () => told.emit("line"));
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    lines,
    async said(beginning) {
      for (;;) {
        const found = lines.find((line) => line.startsWith(beginning));
        if (found !== undefined) return found;
        if (isGone()) throw new Error(`ended without saying "${beginning}"`);
        await once(told, "line");
      }
    },
    async kill() {
      child.kill("SIGKILL");
      if (!isGone()) await once(child, "exit");
    },
  };
}

async function portOf(served: Served): Promise<number> {
  return Number((await served.said("port ")).slice("port ".length));
}

function rowsOf({ lines }: Served): string[] {
  return lines.filter((line) => line.startsWith("row "));
}

/** A city with more proposals than a slice of a migration has rows, and members. */
async function found(env: Readonly<Record<string, string>>): Promise<Topic> {
  const app = await createApp(loadConfig(env));
  const instance = await app.instances.create({
    ...{ origin: `http://${host}`, name: "Valmont", language: "fr", kind: "city" },
    setUpTokenHash: null,
  });
  const ctx = app.contexts({ instance, member, language: "fr" });
  await newPerson(ctx, { _id: member._id, name: member.name });
  const topic = await aTopic(ctx);
  const { _id } = await aProposal(ctx, { title: "Ancienne", topicId: topic._id });
  const rows = app.drivers.store.collection<Stored>("proposals");
  const first = await rows.findOne({ _id });
  if (first === null) throw new Error("nothing was published");
  const more = Array.from({ length: earlier - 1 }, (_, n) => ({
    ...first,
    ...{ _id: `${_id}${String(n).padStart(4, "0")}`, uri: `http://${host}/old/${n}` },
    ...{ title: `Ancienne ${n}`, number: 100_000 + n },
  }));
  await rows.insertMany(more);
  for (const mail of mails) {
    const wish = { name: mail, mail, password, roles: ["citizen" as const], confirmed: true };
    await createAccount(ctx, wish);
  }
  await app.close();
  return topic;
}

/** Somebody's browser, kept from process to process. */
interface Visitor {
  readonly published: string[];
  readonly statuses: number[];
  signIn(port: number, mail: string, topic: Topic): Promise<void>;
  /** Reads pages and publishes through each of the ports, a few times at least and until `work` is done. */
  during<T>(work: Promise<T>, ...ports: readonly number[]): Promise<T>;
}

function aVisitor(): Visitor {
  const cookies = new Map<string, string>();
  const statuses: number[] = [];
  const published: string[] = [];
  let topicId = "";
  const on = (port: number): Browser => {
    const browser = aBrowser(port, host);
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    return browser;
  };
  const publish = async (port: number): Promise<void> => {
    const title = `Nouvelle ${randomUUID()}`;
    const body = "Ici, devant l’école, il fait trop chaud.";
    const fields = { title, body, topicId, place: "" };
    const { status } = await on(port).submit("/proposals/new", fields);
    statuses.push(status);
    if (status === 303) published.push(title);
  };
  return {
    ...{ published, statuses },
    async signIn(port, mail, topic) {
      topicId = topic._id;
      const browser = aBrowser(port, host);
      const { status } = await browser.submit("/sign-in", { mail, password });
      statuses.push(status);
      for (const [name, value] of browser.cookies) cookies.set(name, value);
    },
    async during(work, ...ports) {
      let isDone = false;
      const done = work.finally(() => (isDone = true));
      for (let round = 0; round < rounds || !isDone; round += 1) {
        for (const port of ports) {
          for (const path of pages) statuses.push((await on(port).get(path)).status);
          if (round < rounds) await publish(port);
        }
        // What was refused is told at once, not by whoever waits for it in vain.
        if (statuses.some((status) => status >= 400)) break;
      }
      return done;
    },
  };
}

function upgrade(title: string, needed: Need | null, place: () => Promise<string>): void {
  describe(`A city that is brought to the next release ${title}`, function () {
    this.timeout(120_000);
    if (needed !== null) needs(needed);
    let program: string;
    let env: Record<string, string>;
    const started: Served[] = [];
    const visitors = mails.map(aVisitor);
    const [duringOne, duringTwo, together, again] = visitors as [
      Visitor,
      Visitor,
      Visitor,
      Visitor,
    ];
    let [old, next, killed] = [0, 0, undefined as Served | undefined];

    before(async () => {
      program = await builtChild(new URL("./side-by-side.child.ts", import.meta.url));
      const dataDir = mkdtempSync(join(tmpdir(), "parvis-upgrade-"));
      const url = await place();
      env = { DATA_DIR: dataDir, LOG_LEVEL: "silent", MONGODB_URL: url, REDIS_URL: "" };
      const topic = await found(env);
      old = await portOf(run("present"));
      await Promise.all(visitors.map((visitor, n) => visitor.signIn(old, mails[n] ?? "", topic)));
    });

    after(async () => {
      for (const one of started) await one.kill();
      await closeMongoStores();
      if (env !== undefined) rmSync(env["DATA_DIR"] ?? "", { recursive: true, force: true });
    });

    const run = (...args: readonly string[]): Served => {
      const served = serve(program, args, env);
      started.push(served);
      return served;
    };

    it("is served by the present one while a process migrates and is killed at it", async () => {
      killed = run("next", String(slice + 5));
      await duringOne.during(killed.said("hangs"), old);
      await killed.kill();

      expect(rowsOf(killed)).to.have.length(slice + 4);
    });

    it("is migrated once by two processes that start together, from where the first came", async () => {
      const both = [run("next"), run("next")];
      [next = 0] = await duringTwo.during(Promise.all(both.map(portOf)), old);

      const rows = both.flatMap(rowsOf);
      expect(rows).to.deep.equal([...new Set(rows)]);
      const whole = rowsOf(killed as Served).slice(0, slice);
      expect(rows.filter((row) => whole.includes(row))).to.deep.equal([]);
      expect(rows.length).to.be.at.least(earlier - slice);
    });

    it("is served by both at once", async () => {
      await together.during(Promise.resolve(), old, next);
    });

    it("can be served by the present one that starts anew", async () => {
      const [first, , two, three] = started;
      await Promise.all([first?.kill(), two?.kill(), three?.kill()]);
      await again.during(Promise.resolve(), await portOf(run("present")));
    });

    it("has failed nobody, and has every proposal once, with what the next release added", async () => {
      for (const one of started) await one.kill();
      const store = await openStore(storePlace(loadConfig(env)));
      const rows = await store.collection<Stored>("proposals").find({}).toArray();
      const indexes = await store.indexesOf("proposals");
      await store.check();
      await store.close();

      const told = visitors.map(({ statuses }) => [...new Set(statuses)].sort((a, b) => a - b));
      expect(told).to.deep.equal(visitors.map(() => [200, 303]));
      const published = visitors.flatMap((visitor) => visitor.published);
      const titles = rows.map((row) => row.title).filter((one) => one.startsWith("Nouvelle"));
      expect(titles.sort()).to.deep.equal(published.sort());
      const numbers = new Set(rows.map(({ number }) => number));
      expect(numbers.size)
        .to.equal(rows.length)
        .and.to.equal(earlier + published.length);
      const ancient = rows.filter((row) => row.title.startsWith("Ancienne"));
      expect(ancient.map((row) => row.plainTitle)).to.deep.equal(
        ancient.map((row) => row.title.toLowerCase()),
      );
      expect(indexes.map(({ keys }) => Object.keys(keys).at(-1))).to.include("plainTitle");
    });
  });
}

upgrade("in the embedded store", null, async () => "");
upgrade("in MongoDB", "mongodb", aMongoDatabase);
