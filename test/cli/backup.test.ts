import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import Database from "libsql";
import { createApp, driversFor } from "../../src/app.js";
import { withApp } from "../../src/cli/deployment.js";
import type { Io } from "../../src/cli/io.js";
import { openVacancy } from "../../src/cli/restore-place.js";
import { loadConfig } from "../../src/config.js";
import { createFileMedia } from "../../src/drivers/media/files.js";
import { deploymentId } from "../../src/drivers/store/deployment-id.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import { openToRead } from "../../src/drivers/store/open.js";
import { partNames, sumOf } from "../../src/drivers/store/parts.js";
import { aBrowser } from "../support/deployment.js";
import { collectGarbage } from "../support/garbage.js";
import { needs, whereIs } from "../support/needs.js";
import { openDesk, type Desk, type Ended } from "./support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const phrase = { PARVIS_BACKUP_PASSPHRASE: "quatre mots pour une place" };
const row = { note: "Des bancs à l’ombre, svp.".repeat(4), at: new Date(1_700_000_000_000) };

/** What a store holds, as counts and checksums. */
async function stateOf(where: string): Promise<object> {
  const store = await openToRead(where);
  try {
    const sums: Record<string, object> = {};
    for (const name of await partNames(store)) {
      const sum = await sumOf(store, name);
      if (sum.rows > 0) sums[name] = sum;
    }
    return sums;
  } finally {
    await store.close();
  }
}

/** A command in a process of its own. */
function begun(desk: Desk, argv: readonly string[], imports: readonly string[] = []) {
  const loaded = ["tsx", ...imports].flatMap((name) => ["--import", name]);
  const child = spawn(process.execPath, [...loaded, "src/cli.ts", ...argv], {
    ...{ cwd: root, stdio: ["ignore", "ignore", "pipe"] },
    env: { ...process.env, NODE_OPTIONS: "", MONGODB_URL: "", ...desk.env },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => void (said += part));
  const ended = once(child, "close") as Promise<[number | null, string | null]>;
  return { child, signal: ended.then(([code, signal]) => signal ?? `${code}: ${said}`) };
}

/** A command that is killed once `when` says so; tells by which signal it ended, or else how. */
async function killed(
  desk: Desk,
  argv: readonly string[],
  when: () => Promise<boolean>,
): Promise<string> {
  const { child, signal } = begun(desk, argv);
  while (child.exitCode === null && !(await when())) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill("SIGKILL");
  return signal;
}

/** A command that is killed once a file has more than that many bytes; tells by which signal it ended, or else how. */
function killedOnceGrown(
  desk: Desk,
  argv: readonly string[],
  [file, bytes]: readonly [string, number],
): Promise<string> {
  const env = { ...desk.env, KILLED_ONCE_GROWN: `${file}|${bytes}` };
  return begun({ ...desk, env }, argv, ["./test/cli/killed-once-grown.mjs"]).signal;
}

describe("a deployment", function () {
  this.timeout(180_000);
  const town = openDesk();
  const desks = [town];
  const aDesk = (more: Record<string, string> = {}): Desk => {
    const desk = openDesk(more);
    desks.push(desk);
    return desk;
  };
  const run = async (desk: Desk, argv: readonly string[], env: object = {}): Promise<Ended> => {
    await collectGarbage();
    return desk.run(argv, { env });
  };
  const fileOf = (desk: Desk): string => join(desk.dataDir, "parvis.db");
  const file = join(town.dataDir, "town.backup");
  const sealed = join(town.dataDir, "sealed.backup");
  let picture = "";
  before(async () => {
    const city = ["--origin", "https://valmont.example", "--name", "Valmont", "--kind", "city"];
    expect((await run(town, ["instance", "create", ...city])).code).to.equal(0);
    const store = openSqliteStore(fileOf(town), { ttlIntervalMs: 0 });
    await store.ensureIndexes("things", [{ keys: { instanceId: 1, n: 1 }, unique: true }]);
    for (let n = 0; n < 5_000; n += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, i) => ({
        ...row,
        _id: `t${n + i}`,
        n: n + i,
      }));
      await store.collection("things").insertMany(rows);
    }
    const media = createFileMedia(join(town.dataDir, "media"));
    picture = await media.put("town", Buffer.from("a picture"), "png");
    // The store stays open, as a server's would.
    const plain = await run(town, ["backup", "--to", file]);
    expect(plain, plain.err).to.deep.include({ code: 0, err: "" });
    const other = await run(town, ["backup", "--to", sealed, "--encrypt"], phrase);
    expect(other.code, other.err).to.equal(0);
    await store.close();
  });
  after(() => desks.forEach((desk) => desk.remove()));

  it("is restored into an empty place, and serves its pages there", async () => {
    const place = aDesk();
    const looked = await run(place, ["doctor"]);
    expect(looked.out, looked.err).to.contain("there is none yet");

    const restored = await run(place, ["restore", "--from", sealed], phrase);

    expect(restored.code, restored.err).to.equal(0);
    expect(await stateOf(fileOf(place))).to.deep.equal(await stateOf(fileOf(town)));
    const secrets = [town, place].map((desk) => readFileSync(join(desk.dataDir, "secret"), "utf8"));
    expect(secrets[0]).to.equal(secrets[1]);
    expect(readdirSync(join(place.dataDir, "media", "town"))).to.deep.equal([picture]);
    expect(existsSync(join(place.dataDir, "restoring"))).to.equal(false);
    const config = loadConfig(place.env);
    const app = await createApp(config, await driversFor(config));
    const server = createServer(app.web).listen(0, "127.0.0.1");
    await once(server, "listening");
    const page = await aBrowser((server.address() as AddressInfo).port, "valmont.example").get("/");
    server.close();
    await app.close();
    expect(page.status).to.equal(200);
    expect(page.text).to.include("Valmont");
  });

  it("is not moved nor backed up from an empty place that somebody mistyped", async () => {
    const empty = aDesk();
    await run(empty, ["doctor"]);

    const moved = await run(empty, ["move-store", "--from", fileOf(empty), "--to", `${file}.db`]);
    const saved = await run(empty, ["backup", "--to", `${file}2`]);

    for (const { code, err } of [moved, saved]) {
      expect(code).to.equal(1);
      expect(err).to.contain("parvis.db holds nothing");
    }
    expect(existsSync(`${file}.db`) || existsSync(`${file}2`)).to.equal(false);
  });

  it("has nobody else begin in an empty place while its backup is being checked", async () => {
    const place = aDesk();
    const wish = { force: false, onWait: () => undefined };

    const vacancy = await openVacancy(loadConfig(place.env), wish);

    const other = new Database(fileOf(place));
    expect(() => other.exec("SELECT count(*) FROM sqlite_schema")).to.throw("database is locked");
    other.close();
    await vacancy.close();
  });

  it("is backed up into no file that exists, and sealed with no short pass phrase", async () => {
    const again = await run(town, ["backup", "--to", file]);
    const none = await run(town, ["backup", "--to", `${file}2`, "--encrypt"]);
    const short = await run(town, ["backup", "--to", `${file}2`, "--encrypt"], {
      PARVIS_BACKUP_PASSPHRASE: "sesame",
    });
    const nothing = await run(aDesk(), ["backup", "--to", `${file}2`]);

    expect(again.err).to.include("exists already");
    expect(none).to.deep.include({ code: 2, out: "" });
    expect(short.code).to.equal(2);
    expect(short.err).to.not.include("sesame");
    expect(nothing.err).to.include("nothing to back up");
  });

  it("is not replaced by a backup unless told to, nor by one that is damaged", async () => {
    const place = aDesk();
    const city = ["--origin", "https://velo.example", "--name", "Vélo", "--kind", "association"];
    await run(place, ["instance", "create", ...city]);
    await collectGarbage();
    const before = await stateOf(fileOf(place));
    const broken = join(place.dataDir, "broken");
    writeFileSync(broken, readFileSync(sealed).subarray(0, -5));
    const phraseFile = join(place.dataDir, "phrase");
    writeFileSync(phraseFile, "une autre phrase\n");

    const asked = await run(place, ["restore", "--from", file, "--check"]);
    const full = await run(place, ["restore", "--from", file]);
    const cut = await run(place, ["restore", "--from", broken, "--force"], phrase);
    const wrong = await run(place, [
      ...["restore", "--from", sealed, "--force", "--passphrase-file", phraseFile],
    ]);
    const kept = await stateOf(fileOf(place));
    const forced = await run(place, ["restore", "--from", file, "--force"]);

    for (const { err } of [asked, full]) expect(err).to.include("not empty").and.include("--force");
    expect(cut.err).to.include("changed");
    expect(wrong.err).to.include("pass phrase");
    expect([full.code, cut.code, wrong.code]).to.deep.equal([1, 1, 1]);
    expect(kept).to.deep.equal(before);
    expect(forced.code, forced.err).to.equal(0);
    expect(await stateOf(fileOf(place))).to.deep.equal(await stateOf(fileOf(town)));
  });

  it("keeps the name of its place in Redis when restored, and takes it along when moved", async () => {
    const [place, trial] = [aDesk(), aDesk()];
    const to = join(place.dataDir, "moved.db");
    const idAt = async (where: string): Promise<string> => {
      await collectGarbage();
      const store = openSqliteStore(where, { ttlIntervalMs: 0 });
      const id = await deploymentId(store, where);
      await store.close();
      return id;
    };
    const city = ["--origin", "https://velo.example", "--name", "Vélo", "--kind", "association"];
    await run(place, ["instance", "create", ...city]);
    const small = join(place.dataDir, "small.backup");
    await run(place, ["backup", "--to", small]);
    const own = await idAt(fileOf(place));
    const redis = { REDIS_URL: "redis://127.0.0.1:1" };

    const restored = await run(place, ["restore", "--from", small, "--force"], redis);
    const elsewhere = await run(trial, ["restore", "--from", small], redis);
    const kept = await idAt(fileOf(place));
    const moved = await run(place, ["move-store", "--from", fileOf(place), "--to", to]);

    for (const ended of [restored, elsewhere, moved]) expect(ended.code, ended.err).to.equal(0);
    expect(kept).to.equal(own);
    expect(await idAt(fileOf(trial))).not.to.equal(own);
    expect(await idAt(to)).to.equal(own);
    expect(await idAt(fileOf(place))).not.to.equal(own);
    expect(restored.out).not.to.include("move-queue --of");
    expect(elsewhere.out).to.include("move-queue --of");
  });

  it("is checked, but not restored over nor moved, while a server has it open", async () => {
    const place = aDesk();
    const store = openSqliteStore(fileOf(place), { ttlIntervalMs: 0 });
    const cut = join(place.dataDir, "cut");
    writeFileSync(cut, readFileSync(file).subarray(0, -5));
    const before = await stateOf(fileOf(place));

    const checked = await run(place, ["restore", "--from", file, "--force", "--check"]);
    const refused = await run(place, ["restore", "--from", cut, "--force", "--check"]);
    const restored = await run(place, ["restore", "--from", file, "--force"]);
    const moved = await run(place, [
      ...["move-store", "--from", fileOf(place), "--to", join(place.dataDir, "other.db")],
    ]);

    expect(checked.out, checked.err).to.include("It can be restored: ").and.include(" 1 pictures");
    expect(await stateOf(fileOf(place))).to.deep.equal(before);
    expect([refused.code, restored.code, moved.code]).to.deep.equal([1, 1, 1]);
    expect(restored.err).to.include("is in use: stop every process");
    expect(moved.err).to.include("is in use: stop every process");
    await store.close();
  });

  it("is whole after a restore that was killed in its midst and run again", async () => {
    const place = aDesk();
    const staged = join(place.dataDir, "restoring", "parvis.db-wal");
    const command = ["restore", "--from", file];

    const signal = await killedOnceGrown(place, command, [staged, 200_000]);
    const meanwhile = await run(place, ["instance", "list"]);
    const again = await run(place, command);

    expect(signal).to.equal("SIGKILL");
    expect(meanwhile.code).to.equal(1);
    expect(meanwhile.err).to.include("has not ended: run it again");
    expect(again.code, again.err).to.equal(0);
    expect(await stateOf(fileOf(place))).to.deep.equal(await stateOf(fileOf(town)));
    expect(existsSync(join(place.dataDir, "restoring"))).to.equal(false);
  });

  it("is whole after a move that was killed in its midst and run again", async () => {
    await collectGarbage();
    const to = join(town.dataDir, "moved.db");
    const command = ["move-store", "--from", fileOf(town), "--to", to];

    const signal = await killedOnceGrown(town, command, [`${to}-wal`, 50_000]);
    const again = await run(town, command);
    const twice = await run(town, command);
    const served = await run(town, ["instance", "list"]);
    const elsewhere = join(town.dataDir, "elsewhere.db");
    const apart = await run(town, ["move-store", "--from", fileOf(town), "--to", elsewhere]);
    const saved = await run(town, ["backup", "--to", join(town.dataDir, "old.backup")]);
    const back = await run(town, ["move-store", "--from", to, "--to", fileOf(town)]);
    const taken = await run(town, ["move-store", "--from", fileOf(town), "--take-back"]);
    const servedAgain = await run(town, ["instance", "list"]);

    expect(signal).to.equal("SIGKILL");
    expect(again.code, again.err).to.equal(0);
    expect(again.out).to.match(/things +5000 {2}[0-9a-f]{64}\n/);
    expect(await stateOf(to)).to.deep.equal(await stateOf(fileOf(town)));
    expect(twice.err).to.include("is not empty. Rename or drop it");
    for (const { code, err } of [served, apart, saved]) {
      expect(code).to.equal(1);
      expect(err).to.include(`was moved to ${to}`).and.include("--take-back");
    }
    expect(back.err).to.include(`it holds what was moved to ${to} before. Rename or drop it`);
    expect(taken.code, taken.err).to.equal(0);
    expect(servedAgain.code, servedAgain.err).to.equal(0);
  });

  describe("on MongoDB", () => {
    needs("mongodb");
    const names = [0, 1, 2].map((n) => `parvis_backup_${process.pid}_${n}`);
    const [first, second, third] = names.map((name) => {
      const url = new URL(whereIs("mongodb") ?? "mongodb://localhost/");
      url.pathname = `/${name}`;
      return url.href;
    }) as [string, string, string];
    after(async () => {
      if (whereIs("mongodb") === null) return;
      const { MongoClient } = await import("mongodb");
      const client = await MongoClient.connect(first);
      for (const name of names) await client.db(name).dropDatabase();
      await client.close();
    });
    const rowsIn = async (where: string): Promise<number> => {
      const store = await openToRead(where);
      const count = await store.collection("things").countDocuments();
      await store.close();
      return count;
    };

    it("is whole after a move there that was killed, and comes back the same", async () => {
      await collectGarbage();
      const there = ["move-store", "--from", fileOf(town), "--to", "MONGODB_URL"];
      const back = join(town.dataDir, "back.db");
      await run(town, ["doctor"], { MONGODB_URL: first });

      const signal = await killed(
        { ...town, env: { ...town.env, MONGODB_URL: first } },
        there,
        async () => (await rowsIn(first)) > 0,
      );
      const served = await run(town, ["instance", "list"], { MONGODB_URL: first });
      const again = await run(town, there, { MONGODB_URL: first });
      const source = { MONGODB_URL: first };
      await collectGarbage();
      const returning = ["move-store", "--from", first, "--to", back];
      const cut = await killedOnceGrown(town, returning, [`${back}-wal`, 200_000]);
      const started = await run(town, ["instance", "list"], source);
      const stays = await run(town, ["move-store", "--from", "MONGODB_URL", "--take-back"], source);
      const stayed = await run(town, ["move-store", "--from", first, "--take-back"]);
      const returned = await run(town, returning);

      expect(cut).to.equal("SIGKILL");
      expect(started.code).to.equal(1);
      expect(started.err).to.include(`is being moved to ${back}`).and.include("--take-back");
      expect([stays.code, stays.err]).to.deep.equal([0, ""]);
      expect(stays.out).to.include("stays: start the server");
      expect(stayed.err).to.include("is not being moved");
      expect(signal).to.equal("SIGKILL");
      expect(served.err).to.include("a copy that did not end (move-store");
      expect(again.code, again.err).to.equal(0);
      expect(returned.code, returned.err).to.equal(0);
      const state = await stateOf(fileOf(town));
      expect(await stateOf(first)).to.deep.equal(state);
      expect(await stateOf(back)).to.deep.equal(state);
    });

    it("is not moved, nor emptied, while a command such as an import is at work in it", async () => {
      const place = aDesk({ MONGODB_URL: third });
      const io: Io = {
        ...{ out: () => undefined, err: () => undefined, input: Readable.from([]) },
        ...{ env: place.env, isTerminal: false },
      };

      const [moved, restored, kept] = await withApp(io, async ({ drivers }) => {
        await drivers.store.collection("notes").insertOne({ _id: "1" });
        return [
          await run(place, ["move-store", "--from", third, "--to", join(place.dataDir, "m.db")]),
          await run(place, ["restore", "--from", file, "--force"]),
          await run(place, ["backup", "--to", join(place.dataDir, "own.backup"), "--json"]),
        ];
      });

      for (const { code, err } of [moved, restored]) {
        expect(code).to.equal(1);
        expect(err).to.include("such as command on").and.include(String(process.pid));
      }
      expect(JSON.parse(kept?.out ?? "")).to.include({ oneMoment: false });
    });

    it("is restored from a backup of the other store, also when that was killed", async () => {
      const place = aDesk({ MONGODB_URL: second });
      const command = ["restore", "--from", file];

      const signal = await killed(place, command, async () => (await rowsIn(second)) > 0);
      const restored = await run(place, command);
      const own = join(place.dataDir, "own.backup");
      const saved = await run(place, ["backup", "--to", own]);
      const embedded = aDesk();
      const back = await run(embedded, ["restore", "--from", own]);

      expect(signal).to.equal("SIGKILL");
      for (const ended of [restored, saved, back]) expect(ended.code, ended.err).to.equal(0);
      const state = await stateOf(fileOf(town));
      expect(await stateOf(second)).to.deep.equal(state);
      expect(await stateOf(fileOf(embedded))).to.deep.equal(state);
    });
  });
});
