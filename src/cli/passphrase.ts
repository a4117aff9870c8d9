import { open } from "node:fs/promises";
import { UsageMistake, type Io } from "./io.js";

const shortest = 12;
const longest = 1024;

/**
 * The pass phrase of a backup: the first line of a file, or PARVIS_BACKUP_PASSPHRASE; never a word of
 * the command line, which every user of the machine can read. Throws `UsageMistake` without one.
 */
export async function readPassphrase(io: Io, file: string | undefined): Promise<string> {
  const given = file === undefined ? io.env["PARVIS_BACKUP_PASSPHRASE"] : await firstLine(file);
  if (given === undefined || given === "") {
    throw new UsageMistake(
      "A pass phrase is needed: set PARVIS_BACKUP_PASSPHRASE, or name a file with --passphrase-file.",
    );
  }
  if (given.length < shortest || given.length > longest) {
    throw new UsageMistake(`The pass phrase must have ${shortest} to ${longest} characters.`);
  }
  return given;
}

async function firstLine(path: string): Promise<string> {
  const file = await open(path);
  try {
    const most = 4 * longest + 2;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return /^[^\r\n]*/.exec(buffer.toString("utf8", 0, bytesRead))?.[0] ?? "";
  } finally {
    await file.close();
  }
}
