import { spawnSync } from "node:child_process";
import { newOwner } from "../../src/drivers/queue/embedded-owner.js";

/** Only there is another process known to be gone; elsewhere its lease alone tells. */
export const onlyLinuxTells = "what process is gone";

/** The owner of a job or a turn whose process, of this machine, is certainly gone. */
export function goneOwner(): string {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  return newOwner().split("|").with(2, String(pid)).join("|");
}
