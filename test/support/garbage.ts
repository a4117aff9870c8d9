import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Let go of what nobody holds any more. A closed embedded store keeps its file's lock in this process
 * until its statements are collected; a process of its own would simply end.
 */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
