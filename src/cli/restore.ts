import { resolve } from "node:path";
import { Command } from "commander";
import { openBackup, type Backup } from "../drivers/backup/read.js";
import {
  restoreBackup,
  verifyBackup,
  type Contents,
  type Restored,
} from "../drivers/backup/restore.js";
import { migrations } from "../migrations/run.js";
import { configOf } from "./deployment.js";
import { CommandFailed, type Answer, type Finish, type Io } from "./io.js";
import { readPassphrase } from "./passphrase.js";
import { createProgress, type Progress } from "./progress.js";
import { openVacancy } from "./restore-place.js";

interface Given {
  readonly from: string;
  readonly force?: boolean;
  readonly passphraseFile?: string;
}

/** `restore`: brings a backup back. */
export function restoreCommand(io: Io, finish: Finish): Command {
  return new Command("restore")
    .description(
      "bring back a backup into the configured store and DATA_DIR; stop the server before",
    )
    .requiredOption("--from <file>", "a file that backup has written, from either store")
    .option("--force", "replace what is there")
    .option("--passphrase-file <file>", "its first line is the pass phrase of a sealed backup")
    .addHelpText("after", help)
    .action((given: Given) => finish(runRestore(io, given)));
}

const help = `
The file is read and checked to its end before anything is changed; each collection is compared with it
afterwards. Killed at any point, run it again: it begins anew, and no server starts on half of it.
The pass phrase comes from PARVIS_BACKUP_PASSPHRASE or from a file.

Examples:
  npm run parvis -- restore --from parvis-2026-03-02.backup
  DATA_DIR=/srv/trial npm run parvis -- restore --from parvis.backup --passphrase-file phrase.txt`;

async function runRestore(io: Io, given: Given): Promise<Answer> {
  const config = configOf(io);
  const backup = await openBackup(given.from, () => readPassphrase(io, given.passphraseFile));
  const vacancy = await openVacancy(config, given.force === true);
  const progress = createProgress(io);
  try {
    const contents = await verifyBackup(backup, () => show(progress, backup, "checking"));
    refuseLater(contents);
    const done: { restored: Restored | null } = { restored: null };
    await vacancy.refill(resolve(given.from), async (place) => {
      const shown = (): void => show(progress, backup, "restoring");
      done.restored = await restoreBackup(backup, place, shown);
    });
    return answerOf(contents, done.restored);
  } finally {
    progress.clear();
    await vacancy.close();
  }
}

function show(progress: Progress, backup: Backup, words: string): void {
  progress.show(backup.bytesRead() / backup.size, words);
}

function refuseLater({ manifest }: Contents): void {
  const known = new Set(migrations.map(({ name }) => name));
  const later = manifest.migrations.find((name) => !known.has(name));
  if (later === undefined) return;
  throw new CommandFailed(
    `This backup is of a later release (${manifest.version}): this one does not know ${later}.`,
  );
}

function answerOf({ manifest, end }: Contents, restored: Restored | null): Answer {
  const parts = restored?.parts ?? [];
  const refused = parts.filter((part) => part.refused > 0);
  const text = [
    `Restored, compared and found the same: ${end.rows} rows of ${end.collections} collections, ${end.files} pictures, as of ${manifest.createdAt}.`,
    ...refused.map(
      (part) => `Left out of ${part.name}: ${part.refused} rows that were there twice.`,
    ),
    "Start the server now. What was queued at that time is done again; other servers know what they have.",
    "",
  ];
  return {
    text: text.join("\n"),
    json: { createdAt: manifest.createdAt, files: end.files, collections: parts },
  };
}
