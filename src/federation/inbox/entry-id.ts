import { hash } from "node:crypto";
import type { Instance } from "../../kit/index.js";

/** An activity, by its actor's id and its own; `forwarder` where another actor's server sent it. */
export interface Came {
  readonly actor: string;
  readonly id: string;
  readonly forwarder?: string;
}

/** The id of an activity's entry in the inbox: the same activity is one entry (requirement 15). */
export function entryId(instance: Instance, { actor, id, forwarder = "" }: Came): string {
  const what = [instance._id, forwarder, actor, id].join("\n");
  return hash("sha256", what);
}
