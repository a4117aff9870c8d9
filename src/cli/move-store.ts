import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import type { WholeStore } from "../drivers/store/collection.js";
import { moveDeploymentId } from "../drivers/store/deployment-id.js";
import { moveStore, type Moved } from "../drivers/store/move.js";
import {
  isMongo,
  nameOfStore,
  openAlone,
  whileLeaving,
  type Alone,
} from "../drivers/store/open.js";
import { isEmpty, rowsIn } from "../drivers/store/parts.js";
import {
  forgetMoved,
  leavingFor,
  movedTo,
  refuseMarked,
  takeBackLeaving,
  unfinishedCopy,
} from "../drivers/store/unfinished.js";
import { refuseEmpty } from "./deployment.js";
import { CommandFailed, UsageMistake, waiting, type Answer, type Finish, type Io } from "./io.js";
import { createProgress } from "./progress.js";
import { stoppable } from "./stoppable.js";

interface Given {
  readonly from: string;
  readonly to?: string;
  readonly takeBack?: boolean;
}

/** `move-store`: takes everything from one store to the other. */
export function moveStoreCommand(io: Io, finish: Finish): Command {
  return new Command("move-store")
    .description("copy everything between the embedded store and MongoDB; stop the server before")
    .requiredOption("--from <store>", "a file, an address of MongoDB, or the word MONGODB_URL")
    .option("--to <store>", "the same; it must be empty")
    .option("--take-back", "let servers start on the source of a move again")
    .addHelpText("after", help)
    .action((given: Given) => finish(runMove(io, given)));
}

const help = `
Each collection's count and SHA-256 are compared, read again from both stores. Killed at any point, run it
again: it goes on where it was. The source keeps what it holds, and no server or command starts on it any more,
unless it is taken back with --take-back. With the word MONGODB_URL the address comes from the environment or .env: an address with a password is readable by
every user of the machine.

Uploaded pictures (in DATA_DIR or on S3; see move-media) and the secret are not moved. Jobs that wait in the
embedded queue are moved with the store; those in Redis stay there, and are the target's from then on (see
move-queue).

Examples:
  npm run parvis -- move-store --from data/parvis.db --to MONGODB_URL
  npm run parvis -- move-store --from mongodb://127.0.0.1/parvis --to data/parvis.db
  npm run parvis -- move-store --from MONGODB_URL --take-back`;

async function runMove(io: Io, given: Given): Promise<Answer> {
  const from = placeOf(io, given.from);
  if (!isMongo(from) && !existsSync(from)) throw new CommandFailed(`${from} does not exist.`);
  const stays = given.takeBack === true;
  if (stays !== (given.to === undefined)) {
    throw new UsageMistake("Either --to says where the store goes, or --take-back that it stays.");
  }
  const to = placeOf(io, given.to ?? given.from);
  if (from === to && !stays) throw new UsageMistake("--from and --to are the same store.");
  const loner = { what: "move-store", onWait: () => io.err(waiting) };
  const source = await openAlone(from, loner);
  try {
    if (stays) return await takeBack(source, nameOfStore(from));
    await refuseMarked(source.store, ["copy"]);
    await refuseEmpty(source.store, from);
    await refuseOtherMove(source, nameOfStore(to));
    const target = await openAlone(to, loner);
    try {
      const way = { from: nameOfStore(from), to: nameOfStore(to) };
      await refuseOccupied(target.store, way);
      await refuseMovedBefore(source.store, target.store, way);
      const moved = await whileLeaving(source, nameOfStore(to), (isThere) =>
        move(io, { from, to, source, target, isThere }),
      );
      return answerOf(moved, nameOfStore(to));
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function takeBack({ store }: Alone, from: string): Promise<Answer> {
  const to = await leavingFor(store);
  if (to === null) return serveAgain(store, from);
  await takeBackLeaving(store);
  const text = `${from} stays: start the server. What was copied to ${to} is of no use but for a later move there.\n`;
  return { text, json: { stays: from, to } };
}

async function serveAgain(store: WholeStore, from: string): Promise<Answer> {
  const to = await movedTo(store);
  if (to === null) throw new CommandFailed(`${from} is not being moved, nor was it.`);
  await forgetMoved(store);
  const text = `${from} may be served again, as it was when it was moved. What came to ${to} since is not in it, and jobs in Redis stay that one's.\n`;
  return { text, json: { stays: from, to } };
}

async function refuseOtherMove({ store }: Alone, to: string): Promise<void> {
  const other = await leavingFor(store);
  if (other !== null && other !== to) await refuseMarked(store, ["leaving"]);
}

function placeOf(io: Io, typed: string): string {
  if (typed !== "MONGODB_URL" && !isMongo(typed)) return resolve(typed);
  const url = typed === "MONGODB_URL" ? (io.env["MONGODB_URL"]?.trim() ?? "") : typed;
  if (!isMongo(url)) throw new UsageMistake("MONGODB_URL is not set to an address of MongoDB.");
  if (nameOfStore(url).endsWith("/")) {
    throw new UsageMistake(`${nameOfStore(url)} names no database, such as mongodb://host/parvis.`);
  }
  return url;
}

/** Where a store comes from and goes to, without credentials. */
interface Names {
  readonly from: string;
  readonly to: string;
}

/** What was moved is moved again only by the same command, when it was killed at its last step. */
async function refuseMovedBefore(
  source: WholeStore,
  target: WholeStore,
  { from, to }: Names,
): Promise<void> {
  const goesOn = (await movedTo(source)) === to && (await unfinishedCopy(target))?.from === from;
  if (!goesOn) await refuseMarked(source, ["moved"]);
}

async function refuseOccupied(target: WholeStore, { from, to }: Names): Promise<void> {
  const unfinished = await unfinishedCopy(target);
  if (unfinished?.by === "move-store" && unfinished.from === from) return;
  if (unfinished !== null) await refuseMarked(target, ["copy"]);
  if (await isEmpty(target)) return;
  const before = await movedTo(target);
  const why = before === null ? "" : `: it holds what was moved to ${before} before`;
  throw new CommandFailed(`${to} is not empty${why}. Rename or drop it, or name another one.`);
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly source: Alone;
  readonly target: Alone;
  /** Says that all of the source is in the target. */
  readonly isThere: () => Promise<void>;
}

async function move(io: Io, { from, to, source, target, isThere }: Way): Promise<readonly Moved[]> {
  const total = Math.max(1, await rowsIn(source.store));
  const progress = createProgress(io);
  try {
    return await stoppable(io, (signal) =>
      moveStore(source.store, target.store, {
        from: nameOfStore(from),
        onProgress: (rows, collection) => {
          signal.throwIfAborted();
          progress.show(rows / total, collection);
        },
        lastly: async () => {
          signal.throwIfAborted();
          await source.refuseOthers();
          await target.refuseOthers();
          // Jobs in Redis go with it; a server that is started on the source finds none of them.
          await moveDeploymentId(source.store, target.store, to);
          // Killed between this and the end of the copy, the same command still goes on.
          await isThere();
        },
      }),
    );
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
