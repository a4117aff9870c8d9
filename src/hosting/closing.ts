import type { Clock } from "../drivers/clock.js";
import type { Instance } from "../kit/instance.js";
import type { Instances } from "./instances.js";

/** What closing and opening an instance needs. */
export interface ClosingParts {
  readonly instances: Pick<Instances, "update">;
  readonly clock: Clock;
}

/** Longest reason that visitors of a suspended instance are told. */
export const mostReason = 300;

/** A reason in one line, or null when it is too long. */
export function readReason(typed: string): string | null {
  const reason = typed.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return reason.length <= mostReason ? reason : null;
}

/** Longest grace that can be given, in days. */
export const mostGraceDays = 365;

/** Days of grace as they were typed, or null. */
export function readGraceDays(typed: string): number | null {
  return /^\d{1,3}$/.test(typed) && Number(typed) <= mostGraceDays ? Number(typed) : null;
}

/** How long a deleted instance may come back, unless told otherwise. */
export const usualGraceDays = 30;

const dayMs = 24 * 3_600_000;

/**
 * Pause an instance: its pages and inboxes answer 503, its jobs wait and lose no try. Every process
 * heeds it within the time that it keeps an instance in memory, two seconds.
 * @returns the instance as it is now, or null when it was not active
 */
export function suspendInstance(
  { instances, clock }: ClosingParts,
  { _id }: Instance,
  reason: string,
): Promise<Instance | null> {
  const suspension = { reason, at: clock.now() };
  return instances.update(_id, { state: "suspended", suspension }, { state: "active" });
}

/** Give visitors of a suspended instance another reason. Null when that suspension has ended. */
export function explainSuspension(
  { instances }: ClosingParts,
  { _id, suspension }: Instance,
  reason: string,
): Promise<Instance | null> {
  if (suspension == null) return Promise.resolve(null);
  const told = { suspension: { ...suspension, reason } };
  return instances.update(_id, told, { state: "suspended", suspension });
}

/** Serve a suspended instance again; what waited goes on within minutes. Null when it was not one. */
export function resumeInstance(
  { instances }: ClosingParts,
  { _id }: Instance,
): Promise<Instance | null> {
  return instances.update(_id, { state: "active", suspension: null }, { state: "suspended" });
}

/**
 * Mark an instance to be removed in `graceDays`. Nothing is removed until then; people are told 410
 * and until when it may come back, other servers 503, since a 410 would have them remove what they hold.
 * @returns the instance as it is now, or null when it was deleted already
 */
export async function deleteInstance(
  { instances, clock }: ClosingParts,
  { _id, state: before }: Instance,
  graceDays = usualGraceDays,
): Promise<Instance | null> {
  if (before === "deleted" || before === "leaving" || before === "gone") return null;
  const at = clock.now();
  const until = new Date(at.getTime() + graceDays * dayMs);
  const deletion = { before, at, until };
  return instances.update(_id, { state: "deleted", deletion }, { state: before });
}

/** Take a deletion back, as it was before; null once the grace has ended, or when there was none. */
export async function undeleteInstance(
  { instances, clock }: ClosingParts,
  { _id, deletion }: Instance,
): Promise<Instance | null> {
  if (deletion == null || deletion.until <= clock.now()) return null;
  return instances.update(_id, { state: deletion.before, deletion: null }, { state: "deleted" });
}
