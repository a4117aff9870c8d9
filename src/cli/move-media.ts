import { Command, Option } from "commander";
import { refuseUnfinishedRestore } from "../drivers/backup/staging.js";
import type { Media } from "../drivers/media.js";
import { moveMedia, type MovedMedia } from "../drivers/media/move.js";
import { openMedia } from "../drivers/media/open.js";
import { configOf } from "./deployment.js";
import { UsageMistake, type Answer, type Finish, type Io } from "./io.js";
import { createProgress } from "./progress.js";
import { stoppable } from "./stoppable.js";

interface Given {
  readonly to: "s3" | "file";
}

/** `move-media`: takes uploaded pictures from the data folder to S3, or back. */
export function moveMediaCommand(io: Io, finish: Finish): Command {
  return new Command("move-media")
    .description("copy uploaded pictures from DATA_DIR to S3, or back, while the server runs")
    .addOption(
      new Option("--to <place>", "where they are to be")
        .choices(["s3", "file"])
        .makeOptionMandatory(),
    )
    .addHelpText("after", help)
    .action((given: Given) => finish(runMove(io, given)));
}

const help = `
S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY say which bucket, both ways. Each
picture is read again where it went and compared by its SHA-256. Killed at any point, run it again: it goes
on where it was. The place they came from stays as it is: empty it yourself once the other one serves, since
pictures that are removed afterwards, and those of an instance that is deleted, stay in it otherwise.

The server may run: copy, set or unset S3_* for it and start it again, and copy once more for what was
uploaded in between.

Examples:
  npm run parvis -- move-media --to s3
  npm run parvis -- move-media --to file`;

async function runMove(io: Io, { to }: Given): Promise<Answer> {
  const { dataDir, s3 } = configOf(io);
  if (s3 === null) throw new UsageMistake("Set S3_ENDPOINT and the others of the bucket first.");
  refuseUnfinishedRestore(dataDir);
  const bucket = await openMedia({ dataDir, s3 });
  const folder = await openMedia({ dataDir, s3: null });
  try {
    const moved = await (to === "s3" ? copy(io, folder, bucket) : copy(io, bucket, folder));
    return answerOf(moved, to, to === "s3" ? s3.bucket : dataDir);
  } finally {
    await bucket.close();
    await folder.close();
  }
}

async function copy(io: Io, from: Media, to: Media): Promise<MovedMedia> {
  // Also where there is nothing to copy yet: what is said of the place afterwards is so.
  await to.check();
  let total = 0;
  for await (const _file of from.list()) total += 1;
  const progress = createProgress(io);
  try {
    return await stoppable(io, (signal) =>
      moveMedia(from, to, (files) => {
        signal.throwIfAborted();
        progress.show(files / Math.max(1, total), `${files} pictures`);
      }),
    );
  } finally {
    progress.clear();
  }
}

function answerOf(moved: MovedMedia, to: Given["to"], where: string): Answer {
  const { files, copied, bytes, sha256 } = moved;
  const next =
    to === "s3"
      ? "Keep S3_* set for the server and start it again."
      : "Unset S3_* for the server and start it again.";
  const last = `Once it serves from there, empty ${to === "s3" ? "the media folder of DATA_DIR" : "the bucket"}: nothing else removes pictures from it.`;
  return {
    text: `In ${where}, the same on both sides: ${files} pictures (${(bytes / 1e6).toFixed(1)} MB), ${copied} of them copied now; ${sha256}\n${next}\n${last}\n`,
    json: { to, ...moved },
  };
}
