import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import type { WholeStore } from "../drivers/store/collection.js";
import { moveDeploymentId } from "../drivers/store/deployment-id.js";
import { moveStore, type Moved } from "../drivers/store/move.js";
import { isMongo, nameOfStore, openAlone } from "../drivers/store/open.js";
import { isEmpty, rowsIn } from "../drivers/store/parts.js";
import { bePresent } from "../drivers/store/presence.js";
import { refuseUnfinished, unfinishedCopy } from "../drivers/store/unfinished.js";
import { CommandFailed, UsageMistake, type Answer, type Finish, type Io } from "./io.js";
import { createProgress } from "./progress.js";

interface Given {
  readonly from: string;
  readonly to: string;
}

/** `move-store`: takes everything from one store to the other. */
export function moveStoreCommand(io: Io, finish: Finish): Command {
  return new Command("move-store")
    .description("copy everything between the embedded store and MongoDB; stop the server before")
    .requiredOption("--from <store>", "a file, an address of MongoDB, or the word MONGODB_URL")
    .requiredOption("--to <store>", "the same; it must be empty")
    .addHelpText("after", help)
    .action((given: Given) => finish(runMove(io, given)));
}

const help = `
Each collection's count and SHA-256 are compared, read again from both stores. Killed at any point, run it
again: it goes on where it was. The source stays as it is. With the word MONGODB_URL the address comes from
the environment or .env: an address with a password is readable by every user of the machine.

Uploaded pictures (in DATA_DIR or on S3; see move-media) and the secret are not moved. Jobs that wait in the embedded queue
are moved with the store; those in Redis stay there, and are the target's from then on (see move-queue).

Examples:
  npm run parvis -- move-store --from data/parvis.db --to MONGODB_URL
  npm run parvis -- move-store --from mongodb://127.0.0.1/parvis --to data/parvis.db`;

async function runMove(io: Io, given: Given): Promise<Answer> {
  const [from, to] = [placeOf(io, given.from), placeOf(io, given.to)];
  if (from === to) throw new UsageMistake("--from and --to are the same store.");
  if (!isMongo(from) && !existsSync(from)) throw new CommandFailed(`${from} does not exist.`);
  const source = await openAlone(from);
  try {
    await refuseUnfinished(source);
    const target = await openAlone(to);
    const leave = isMongo(to) ? await bePresent(target, "move-store") : null;
    try {
      await refuseOccupied(target, nameOfStore(from), nameOfStore(to));
      return answerOf(await move(io, { from, to, source, target }), nameOfStore(to));
    } finally {
      await leave?.();
      await target.close();
    }
  } finally {
    await source.close();
  }
}

function placeOf(io: Io, typed: string): string {
  if (typed !== "MONGODB_URL") return isMongo(typed) ? typed : resolve(typed);
  const url = io.env["MONGODB_URL"]?.trim() ?? "";
  if (!isMongo(url)) throw new UsageMistake("MONGODB_URL is not set to an address of MongoDB.");
  return url;
}

async function refuseOccupied(target: WholeStore, from: string, to: string): Promise<void> {
  const unfinished = await unfinishedCopy(target);
  if (unfinished?.by === "move-store" && unfinished.from === from) return;
  if (unfinished !== null) await refuseUnfinished(target);
  if (!(await isEmpty(target))) throw new CommandFailed(`${to} is not empty.`);
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly source: WholeStore;
  readonly target: WholeStore;
}

async function move(io: Io, { from, to, source, target }: Way): Promise<readonly Moved[]> {
  const total = Math.max(1, await rowsIn(source));
  const progress = createProgress(io);
  try {
    return await moveStore(source, target, {
      from: nameOfStore(from),
      onProgress: (rows, collection) => progress.show(rows / total, collection),
      // Jobs in Redis go with it; a server that is started on the source finds none of them.
      lastly: () => moveDeploymentId(source, target, to),
    });
  } finally {
    progress.clear();
  }
}

function answerOf(moved: readonly Moved[], to: string): Answer {
  const widest = Math.max(0, ...moved.map(({ name }) => name.length));
  const most = Math.max(0, ...moved.map(({ rows }) => String(rows).length));
  const lines = moved.map(
    ({ name, rows, sha256 }) =>
      `  ${name.padEnd(widest)}  ${String(rows).padStart(most)}  ${sha256}`,
  );
  const next = isMongo(to)
    ? "Set MONGODB_URL and start the server."
    : "Unset MONGODB_URL and start the server.";
  return {
    text: `Moved to ${to}; the same on both sides:\n${lines.join("\n")}\n${next}\n`,
    json: { to, collections: moved },
  };
}
