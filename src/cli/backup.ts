import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { version } from "../app.js";
import type { Config } from "../config.js";
import type { Manifest } from "../drivers/backup/format.js";
import { refuseUnfinishedRestore } from "../drivers/backup/staging.js";
import { writeBackup, type Written } from "../drivers/backup/write.js";
import { openMedia } from "../drivers/media/open.js";
import { StoreInUse, type WholeStore } from "../drivers/store/collection.js";
import { isMongo, openToRead } from "../drivers/store/open.js";
import { rowsIn } from "../drivers/store/parts.js";
import { refuseOthers } from "../drivers/store/presence.js";
import { copiesBegun, refuseCopySince, refuseMarked } from "../drivers/store/unfinished.js";
import { storePlace } from "../hosting/opening.js";
import { configOf, refuseEmpty } from "./deployment.js";
import { CommandFailed, waiting, type Answer, type Finish, type Io } from "./io.js";
import { readPassphrase } from "./passphrase.js";
import { createProgress } from "./progress.js";
import { stoppable } from "./stoppable.js";

interface Given {
  readonly to: string;
  readonly encrypt?: boolean;
  readonly passphraseFile?: string;
}

/** `backup`: writes the whole deployment into one file. */
export function backupCommand(io: Io, finish: Finish): Command {
  return new Command("backup")
    .description("write the whole deployment into one file, while the server runs")
    .requiredOption("--to <file>", "the file to write; it must not exist")
    .option("--encrypt", "seal it with a pass phrase")
    .option("--passphrase-file <file>", "its first line is the pass phrase")
    .addHelpText("after", help)
    .action((given: Given) => finish(runBackup(io, given)));
}

const help = `
It holds every record of every instance, uploaded pictures (in DATA_DIR or on S3) and the secret in
DATA_DIR: passwords' hashes, private keys and unpublished drafts, too. Keep it as you keep the server, or
use --encrypt with a pass phrase in PARVIS_BACKUP_PASSPHRASE or in a file. Configuration (.env) and mails
kept in DATA_DIR/mail are not in it, nor are jobs in Redis: the deliveries, mails and notices that wait there
now are not made up for by what is restored.

The embedded store is backed up as it was at one moment. MongoDB is read as it goes: for one moment, stop
the server and its workers meanwhile, or use MongoDB's own tools. Stopped before its end (Ctrl-C), it
leaves no file.

Examples:
  npm run parvis -- backup --to parvis-2026-03-02.backup
  PARVIS_BACKUP_PASSPHRASE="…" npm run parvis -- backup --to parvis.backup --encrypt`;

/** Write a backup, and say what is in it. */
export async function runBackup(io: Io, given: Given): Promise<Answer> {
  const config = configOf(io);
  const wanted = given.encrypt === true || given.passphraseFile !== undefined;
  const passphrase = wanted ? await readPassphrase(io, given.passphraseFile) : null;
  if (existsSync(given.to)) throw new CommandFailed(`${given.to} exists already.`);
  refuseUnfinishedRestore(config.dataDir);
  const store = await openSource(config);
  const media = await openMedia(config);
  const progress = createProgress(io);
  try {
    const copies = await copiesBegun(store);
    await refuseMarked(store, ["copy", "moved"]);
    const place = storePlace(config);
    await refuseEmpty(store, place);
    const manifest = await manifestOf(io, store, place);
    if (!manifest.oneMoment) io.err(`${notOneMoment}\n`);
    const total = Math.max(1, await rowsIn(store));
    const secret = await secretIn(config.dataDir);
    const written = await stoppable(io, (signal) =>
      writeBackup(
        { store, media, secret, manifest },
        {
          ...{ path: given.to, passphrase },
          onProgress(rows, files) {
            signal.throwIfAborted();
            progress.show(rows / total, `${rows} rows, ${files} pictures`);
          },
          // A restore that began meanwhile has emptied what was still to be read, and may be at its end by now.
          lastly: () => refuseCopySince(store, copies),
        },
      ),
    );
    return answerOf(given.to, written, manifest);
  } finally {
    progress.clear();
    await media.close();
    await store.close();
  }
}

const notOneMoment =
  "Processes work with this MongoDB: what they write meanwhile may be in the backup in part.";

function openSource(config: Config): Promise<WholeStore> {
  const where = storePlace(config);
  if (isMongo(where) || existsSync(where)) return openToRead(where);
  throw new CommandFailed(`There is nothing to back up: ${where} does not exist.`);
}

async function manifestOf(io: Io, store: WholeStore, where: string): Promise<Manifest> {
  const done = await store.collection("migrations").find({}, { limit: 10_000 }).toArray();
  return {
    ...{ version, createdAt: new Date().toISOString() },
    store: isMongo(where) ? "mongodb" : "embedded",
    oneMoment: !isMongo(where) || !(await hasCompany(io, store)),
    migrations: done.map(({ _id }) => _id),
  };
}

async function hasCompany(io: Io, store: WholeStore): Promise<boolean> {
  try {
    await refuseOthers(store, { onWait: () => io.err(waiting) });
    return false;
  } catch (error) {
    if (error instanceof StoreInUse) return true;
    throw error;
  }
}

async function secretIn(dataDir: string): Promise<string | null> {
  const path = join(dataDir, "secret");
  return existsSync(path) ? (await readFile(path, "utf8")).trim() : null;
}

function answerOf(path: string, written: Written, { oneMoment }: Manifest): Answer {
  const { collections, rows, files, bytes } = written;
  const size = (bytes / 1e6).toFixed(1);
  return {
    text: `Written: ${path} (${rows} rows of ${collections} collections, ${files} pictures, ${size} MB).\n`,
    json: { path, collections, rows, files, bytes, oneMoment },
  };
}
