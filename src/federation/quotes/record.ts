import { createHash } from "node:crypto";
import { defineCollection, type Instance } from "../../kit/index.js";

/** That a post elsewhere may quote a Note of ours (FEP-044f); the pair is unique by its id. */
export interface Quote {
  /** Hash of instance, quoted and quoting: whoever asks twice is given the same authorisation. */
  readonly _id: string;
  readonly quotedUri: string;
  readonly quotingUri: string;
  /** Our actor, whose Note it is, by its id. */
  readonly authorUri: string;
  /** Who asked, and where they hear of a revocation. */
  readonly actorUri: string;
  readonly host: string;
  readonly inbox: string;
  readonly at: Date;
  /** When it ended; such rows are forgotten at `expiresAt`. */
  readonly revokedAt: Date | null;
  readonly expiresAt: Date | null;
}

export const quotesCollection = defineCollection<Quote>("quotes", [
  { keys: { host: 1, revokedAt: 1 } },
  { keys: { quotedUri: 1, _id: 1 } },
  { keys: { quotingUri: 1, _id: 1 } },
  { keys: { actorUri: 1, _id: 1 } },
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
]);

/** The id of the row, and the last part of the authorisation's address. */
export function quoteId(instance: Instance, quoted: string, quoting: string): string {
  const what = [instance._id, quoted, quoting].join("\n");
  return createHash("sha256").update(what).digest("hex");
}

/** Where an authorisation is read. */
export function quoteUri(instance: Instance, { _id }: Pick<Quote, "_id">): string {
  return instance.url(`/quotes/${_id}`);
}
