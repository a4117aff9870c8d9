import { expect } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { openBackup } from "../../src/drivers/backup/read.js";
import { restoreBackup, verifyBackup, type Contents } from "../../src/drivers/backup/restore.js";
import { seal, unseal } from "../../src/drivers/backup/sealing.js";
import { writeBackup, type Written } from "../../src/drivers/backup/write.js";
import { openSqliteStore, type SqliteStore } from "../../src/drivers/store/sqlite.js";
import { aMedia } from "../support/media.js";
import { rejection, type Thing } from "./store.conformance-support.js";

const phrase = "quatre mots pour une place";
const nothing = (): void => undefined;

describe("a backup", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "parvis-backup-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [plain, sealed] = [join(folder, "plain.backup"), join(folder, "sealed.backup")];
  const media = aMedia();
  const open = new Set<SqliteStore>();
  const aStore = (): SqliteStore => {
    const store = openSqliteStore(":memory:", { ttlIntervalMs: 0 });
    open.add(store);
    return store;
  };
  const source = aStore();
  const written: Written[] = [];
  before(async () => {
    await source.ensureIndexes("things", [{ keys: { n: 1 }, unique: true }]);
    const rows = Array.from({ length: 1_501 }, (_, n) => ({
      ...{ _id: `t${n}`, n, at: new Date(n), secret: Math.random().toString(36).repeat(5) },
    }));
    await source.collection<Thing>("things").insertMany(rows);
    await source.collection<Thing>("instances").insertOne({ _id: "town", name: "Valmont" });
    await media.put("town", Buffer.from("a picture"), "png");
    for (const [path, passphrase] of [
      [plain, null],
      [sealed, phrase],
    ] as const) {
      const manifest = {
        ...{ version: "0", createdAt: new Date(0).toISOString(), store: "embedded" as const },
        ...{ oneMoment: true, migrations: [] },
      };
      const origin = { store: source, media, secret: "s".repeat(64), manifest };
      written.push(await writeBackup(origin, { path, passphrase, onProgress: nothing }));
    }
  });
  after(async () => {
    for (const store of open) await store.close();
  });

  const verify = async (path: string, passphrase = phrase): Promise<Contents> =>
    verifyBackup(await openBackup(path, async () => passphrase), nothing);
  const altered = (name: string, bytes: Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const bodyAt = (bytes: Buffer): number => bytes.indexOf("\n") + 1;

  it("belongs to its owner alone, and shows nothing when it is sealed", () => {
    expect(statSync(plain).mode & 0o777).to.equal(0o600);
    expect(readFileSync(sealed).includes("Valmont")).to.equal(false);
    expect(written[1]).to.deep.include({ collections: 2, rows: 1_502, files: 1 });
    expect(written[1]?.bytes).to.equal(statSync(sealed).size);
  });

  it("is read with gzip alone when it is not sealed", () => {
    const bytes = readFileSync(plain);

    const lines = gunzipSync(bytes.subarray(bodyAt(bytes)))
      .toString()
      .trim()
      .split("\n");

    expect(lines[1]).to.include('{"collection":"instances"');
    expect(JSON.parse(lines[2] ?? "")).to.deep.equal({ row: { _id: "town", name: "Valmont" } });
  });

  it("gives everything back, sealed or not", async () => {
    for (const path of [plain, sealed]) {
      const [store, kept] = [aStore(), aMedia()];
      let secret = "";
      const backup = await openBackup(path, async () => phrase);

      const restored = await restoreBackup(
        backup,
        { store, media: kept, keepSecret: async (text) => void (secret = text) },
        nothing,
      );

      expect(restored.files).to.equal(1);
      expect(secret).to.equal("s".repeat(64));
      for await (const { owner, name } of media.list()) {
        expect(await kept.get(owner, name)).to.deep.equal(await media.get(owner, name));
      }
      const [before, now] = [source, store].map((one) => one.collection<Thing>("things"));
      expect(await now?.find({}).toArray()).to.deep.equal(
        await before?.find({}, { sort: { _id: 1 } }).toArray(),
      );
      expect(await store.indexesOf("things")).to.deep.equal([{ keys: { n: 1 }, unique: true }]);
      await store.check({ full: true });
    }
  });

  it("asks for its pass phrase, and refuses another one", async () => {
    const refusal = await rejection(verify(sealed, "quatre mots pour une plage"));

    expect(refusal.name).to.equal("BackupRefused");
    expect(refusal.message).to.include("pass phrase");
  });

  it("is refused wherever a bit of it was turned", async () => {
    for (const path of [plain, sealed]) {
      const bytes = readFileSync(path);
      const body = bodyAt(bytes);
      for (const share of [0.01, 0.3, 0.6, 0.99]) {
        const turned = Buffer.from(bytes);
        const at = body + Math.floor((bytes.length - body) * share);
        turned[at] = (turned[at] ?? 0) ^ 4;
        const refusal = await rejection(verify(altered("turned", turned)));

        expect(refusal.name, `${path} at ${share}: ${refusal.message}`).to.equal("BackupRefused");
      }
    }
  });

  it("is refused when it was cut, also between two of its pieces", async () => {
    for (const path of [plain, sealed]) {
      const bytes = readFileSync(path);
      const piece = bodyAt(bytes) + 64 * 1024 + 16;
      const ends = [bodyAt(bytes), bodyAt(bytes) + 100, piece, bytes.length - 1];
      for (const end of ends.filter((place) => place < bytes.length)) {
        const refusal = await rejection(verify(altered("cut", bytes.subarray(0, end))));

        expect(refusal.name, `${path} at ${end}: ${refusal.message}`).to.equal("BackupRefused");
      }
    }
  });

  it("is refused when its lines were exchanged, left out or added by somebody who packs well", async () => {
    const bytes = readFileSync(plain);
    const header = bytes.subarray(0, bodyAt(bytes));
    const lines = gunzipSync(bytes.subarray(header.length)).toString().trimEnd().split("\n");
    const [, , row = ""] = lines;
    const forged: Record<string, string[]> = {
      exchanged: [...lines.slice(0, 8), lines[9] ?? "", lines[8] ?? "", ...lines.slice(10)],
      without: lines.toSpliced(10, 1),
      added: lines.toSpliced(10, 0, row.replace("town", "zzz")),
      headless: lines.slice(1),
      endless: lines.slice(0, -1),
      twice: [...lines, ...lines],
      strange: lines.toSpliced(1, 0, '{"surprise":1}'),
      noJson: lines.toSpliced(1, 0, "{oops"),
    };
    for (const [name, wrong] of Object.entries(forged)) {
      const packed = Buffer.concat([header, gzipSync(`${wrong.join("\n")}\n`)]);
      const refusal = await rejection(verify(altered("forged", packed)));

      expect(refusal.name, `${name}: ${refusal.message}`).to.equal("BackupRefused");
    }
  });

  it("is known from other files, and from those of a later format", async () => {
    const other = await rejection(verify(altered("other", Buffer.from("PNG\n\n"))));
    const later = await rejection(
      verify(altered("later", Buffer.from('{"parvis-backup":2,"salt":null}\n'))),
    );

    expect(other.message).to.equal("This is no backup of Parvis.");
    expect(later.message).to.include("format 2");
  });

  it("leaves nothing behind when it cannot be written", async () => {
    const broken = { ...media, get: () => Promise.reject(new Error("the disk is gone")) };
    const manifest = { version: "0", createdAt: new Date(0).toISOString() };
    const more = { store: "embedded" as const, oneMoment: true, migrations: [] };
    const own = mkdtempSync(join(folder, "own-"));

    const failed = await rejection(
      writeBackup(
        { store: source, media: broken, secret: null, manifest: { ...manifest, ...more } },
        { path: join(own, "b"), passphrase: null, onProgress: nothing },
      ),
    );

    expect(failed.message).to.equal("the disk is gone");
    expect(readdirSync(own)).to.deep.equal([]);
  });
});

describe("a sealed stream", () => {
  const key = Buffer.alloc(32, 7);
  const through = async (
    way: typeof seal,
    chunks: readonly Buffer[],
    header = "h",
  ): Promise<Buffer> => {
    async function* source(): AsyncGenerator<Buffer> {
      yield* chunks;
    }
    const found: Buffer[] = [];
    for await (const bytes of way({ key, header }, source())) found.push(bytes);
    return Buffer.concat(found);
  };
  const piece = 64 * 1024 + 16;

  it("is the same again, whatever its length and however it is cut", async () => {
    for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const bytes = Buffer.alloc(length, "parvis");
      const sealed = await through(seal, [bytes.subarray(0, 7), bytes.subarray(7)]);

      const again = await through(unseal, [sealed.subarray(0, 70_000), sealed.subarray(70_000)]);

      expect(again.equals(bytes), String(length)).to.equal(true);
    }
  });

  it("is refused with pieces exchanged, doubled or left out, or under another first line", async () => {
    const sealed = await through(seal, [Buffer.alloc(200_000, "parvis")]);
    const pieces = [0, 1, 2, 3].map((n) => sealed.subarray(n * piece, (n + 1) * piece));
    const orders = [[1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [0, 1, 2], [0, 1, 2, 3, 3], []];
    for (const order of orders) {
      const wrong = order.map((n) => pieces[n] ?? Buffer.alloc(0));
      expect((await rejection(through(unseal, wrong))).name).to.equal("BackupRefused");
    }
    expect((await rejection(through(unseal, pieces, "i"))).name).to.equal("BackupRefused");
  });
});
