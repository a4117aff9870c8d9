import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Read once: it stays the same for as long as a process lives. */
const ownPlace = processPlace();

/**
 * Names one queue object of one process: `host|place|pid|process start|uuid`. It is stored with running
 * jobs, so that a process on the same machine can tell at once that a killed one is gone.
 */
export function newOwner(): string {
  const host = hostname().replaceAll("|", "");
  return [host, ownPlace ?? process.platform, process.pid, startedAt(), randomUUID()].join("|");
}

/**
 * Whether the owner's process certainly no longer exists. `false` when it lives, or cannot be seen
 * from here (another machine, container or boot): then only its lease tells.
 */
export function isGone(owner: string): boolean {
  if (!isSeenFromHere(owner)) return false;
  const [, , pid, started] = owner.split("|");
  if (Number(pid) === process.pid) return Number(started) !== startedAt();
  return !isAlive(Number(pid));
}

/** Whether the owner's process numbers are ours, and its clock with them. */
export function isSeenFromHere(owner: string): boolean {
  const [, place] = owner.split("|");
  return place === ownPlace;
}

function startedAt(): number {
  return Math.round(performance.timeOrigin);
}

/**
 * Where process numbers mean the same: a namespace of one boot of one machine. Names of hosts are no
 * help, many are called "debian"; the first namespace has the same number on every Linux. Null where the
 * system tells neither (only Linux does): then no process is seen to be gone.
 */
function processPlace(): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${readlinkSync("/proc/self/ns/pid")}@${boot}`.replaceAll("|", "");
  } catch {
    return null;
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
