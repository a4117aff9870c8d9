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
import { CommandFailed, waiting, type Answer, type Finish, type Io } from "./io.js";
import { readPassphrase } from "./passphrase.js";
import { createProgress, type Progress } from "./progress.js";
import { openVacancy, refuseFullPlace } from "./restore-place.js";
import { stoppable } from "./stoppable.js";

interface Given {
  readonly from: string;
  readonly check?: boolean;
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
    .option("--check", "only say whether it can be restored; the server may run")
    .option("--force", "replace what is there")
    .option("--passphrase-file <file>", "its first line is the pass phrase of a sealed backup")
    .addHelpText("after", help)
    .action((given: Given) => finish(given.check ? runCheck(io, given) : runRestore(io, given)));
}

const help = `
The file is read and checked to its end before anything is changed; each collection is compared with it
afterwards. Killed or stopped at any point, run it again: it begins anew, and no server starts on half of it.
The pass phrase comes from PARVIS_BACKUP_PASSPHRASE or from a file.

A place that a server was ever started on holds something, and --force is needed. With --check nothing is
changed: do that first, and stop the server once it said that the file is whole and can be restored here.

A trial needs places of its own: where MONGODB_URL or S3_BUCKET are set, set them to others, also against .env.

Examples:
  npm run parvis -- restore --from parvis-2026-03-02.backup --check --force
  npm run parvis -- restore --from parvis-2026-03-02.backup --force
  DATA_DIR=/srv/trial npm run parvis -- restore --from parvis.backup --passphrase-file phrase.txt`;

async function runRestore(io: Io, given: Given): Promise<Answer> {
  const config = configOf(io);
  const backup = await openGiven(io, given);
  const vacancy = await openVacancy(config, {
    force: given.force === true,
    onWait: () => io.err(waiting),
  });
  const progress = createProgress(io);
  try {
    return await stoppable(io, async (signal) => {
      const steps = stepsOf(backup, progress, signal);
      const contents = await verifyBackup(backup, steps("checking"));
      refuseLater(contents);
      const done: { restored: Restored | null } = { restored: null };
      await vacancy.refill(resolve(given.from), async (place) => {
        done.restored = await restoreBackup(backup, place, steps("restoring"));
      });
      const answer = answerOf(contents, done.restored);
      if (config.redisUrl === null || !vacancy.wasEmpty) return answer;
      return { ...answer, text: `${answer.text}${leftInRedis}\n` };
    });
  } finally {
    progress.clear();
    await vacancy.close();
  }
}

const leftInRedis =
  "Jobs that a lost store left in Redis are not this one's: doctor shows them, move-queue --of takes them over.";

async function runCheck(io: Io, given: Given): Promise<Answer> {
  const config = configOf(io);
  const backup = await openGiven(io, given);
  if (given.force !== true) await refuseFullPlace(config);
  const progress = createProgress(io);
  try {
    const contents = await stoppable(io, (signal) =>
      verifyBackup(backup, stepsOf(backup, progress, signal)("checking")),
    );
    refuseLater(contents);
    const { createdAt } = contents.manifest;
    return {
      text: `It can be restored: ${amountOf(contents)}, as of ${createdAt}. Nothing was changed.\n`,
      json: { createdAt, ...contents.end },
    };
  } finally {
    progress.clear();
  }
}

function openGiven(io: Io, given: Given): Promise<Backup> {
  return openBackup(given.from, () => readPassphrase(io, given.passphraseFile));
}

/** What is done at each step of the work on a backup: it is shown, or ended when somebody asked to stop. */
function stepsOf(
  backup: Backup,
  progress: Progress,
  signal: AbortSignal,
): (words: string) => () => void {
  return (words) => () => {
    signal.throwIfAborted();
    progress.show(backup.bytesRead() / backup.size, words);
  };
}

function refuseLater({ manifest }: Contents): void {
  const known = new Set(migrations.map(({ name }) => name));
  const later = manifest.migrations.find((name) => !known.has(name));
  if (later === undefined) return;
  throw new CommandFailed(
    `This backup is of a later release (${manifest.version}): this one does not know ${later}.`,
  );
}

function amountOf({ end }: Contents): string {
  return `${end.rows} rows of ${end.collections} collections, ${end.files} pictures`;
}

function answerOf(contents: Contents, restored: Restored | null): Answer {
  const { manifest, end } = contents;
  const parts = restored?.parts ?? [];
  const refused = parts.filter((part) => part.refused > 0);
  const text = [
    `Restored, compared and found the same: ${amountOf(contents)}, as of ${manifest.createdAt}.`,
    ...refused.map(
      (part) => `Left out of ${part.name}: ${part.refused} rows that were there twice.`,
    ),
    "Start the server now; for a trial with ROLE=web alone, since a worker speaks in the name of these instances.",
    "What was queued at that time is done again; other servers know what they have.",
    "",
  ];
  return {
    text: text.join("\n"),
    json: { createdAt: manifest.createdAt, files: end.files, collections: parts },
  };
}
