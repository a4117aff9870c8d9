import { resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a command's paths are meant from. */
export interface Standpoint {
  /** What is configured, which goes on meaning the same. */
  readonly env: Environment;
  /** To be said when the command fails; null where the folder could be entered. */
  readonly remark: string | null;
}

/**
 * Go to the folder of whoever calls, where `PARVIS_FOLDER` names it: `deploy/systemd/parvis` begins the process
 * elsewhere, as a user to whom that folder may be closed.
 */
export function goToCaller(env: Environment): Standpoint {
  const folder = env["PARVIS_FOLDER"];
  if (folder === undefined) return { env, remark: null };
  const dataDir = env["DATA_DIR"];
  const settled = dataDir === undefined ? env : { ...env, DATA_DIR: resolve(dataDir) };
  try {
    process.chdir(folder);
    return { env: settled, remark: null };
  } catch {
    return { env: settled, remark: closed(folder) };
  }
}

const closed = (folder: string): string =>
  `The user that commands run as cannot enter ${folder}: name a file by its whole path, in a place that this user reaches.\n`;
