import { randomUUID } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Names one queue object of one process: `host|pid namespace|pid|process start|uuid`. It is stored
 * with running jobs, so that a process on the same machine can tell at once that a killed one is gone.
 */
export function newOwner(): string {
  return [...thisMachine(), process.pid, startedAt(), randomUUID()].join("|");
}

/**
 * Whether the owner's process certainly no longer exists. `false` when it lives, or cannot be seen
 * from here (another machine or container): then only its lease tells.
 */
export function isGone(owner: string): boolean {
  const [host, namespace, pid, started] = owner.split("|");
  const [ourHost, ourNamespace] = thisMachine();
  if (host !== ourHost || namespace !== ourNamespace) return false;
  if (Number(pid) === process.pid) return Number(started) !== startedAt();
  return !isAlive(Number(pid));
}

function thisMachine(): [string, string] {
  return [hostname().replaceAll("|", ""), pidNamespace()];
}

function startedAt(): number {
  return Math.round(performance.timeOrigin);
}

/** Containers may share a host name but not process numbers; only Linux has them. */
function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return process.platform;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
