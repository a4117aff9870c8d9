import { existsSync, readlinkSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

/** What is asked to outlast a power cut while `act` runs: paths, and whether `place` had its name by then. */
export async function lasting(
  act: () => Promise<unknown>,
  place: () => string,
): Promise<Array<readonly [path: string, isNamed: boolean]>> {
  const probe = await open("/");
  const shared = Object.getPrototypeOf(probe) as { sync(this: FileHandle): Promise<void> };
  await probe.close();
  const { sync } = shared;
  const asked: Array<readonly [string, boolean]> = [];
  shared.sync = async function record(this: FileHandle) {
    asked.push([readlinkSync(`/proc/self/fd/${this.fd}`), existsSync(place())]);
    return sync.call(this);
  };
  try {
    await act();
  } finally {
    shared.sync = sync;
  }
  return asked;
}
