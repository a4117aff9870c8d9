import type { Clock } from "../drivers/clock.js";
import { isGone } from "../drivers/queue/embedded-owner.js";

/**
 * What a killed process had sent to MongoDB may be there, and be read, only once a majority of the servers has
 * it. Nobody waits for longer than this for an answer of theirs, however slow they are.
 */
const unseenOnServersMs = 15_000;

/** How long the last write of a killed process may stay unseen: a file has it at once, or never. */
export function unseenMsOf({ mongodbUrl }: { readonly mongodbUrl: string | null }): number {
  return mongodbUrl === null ? 0 : unseenOnServersMs;
}

/** Looks which writers are gone; ask the answer of one look for all writers of one sweep. */
export type GoneWriters = () => (owner: string) => boolean;

/**
 * Tells of writers whether their process has been seen to be gone for `unseenMs`. That counts from the first
 * look that found it gone, not from when it began to write: it may have done so for long.
 */
export function createGoneWriters(clock: Clock, unseenMs: number): GoneWriters {
  let lastLook: ReadonlyMap<string, number | null> = new Map();
  return () => {
    const before = lastLook;
    const look = new Map<string, number | null>();
    lastLook = look;
    const now = clock.now().getTime();
    const goneSince = (owner: string): number | null =>
      isGone(owner) ? (before.get(owner) ?? now) : null;
    return (owner) => {
      if (!look.has(owner)) look.set(owner, goneSince(owner));
      const since = look.get(owner) ?? null;
      return since !== null && now - since >= unseenMs;
    };
  };
}
