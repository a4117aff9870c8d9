import type { ProfileField } from "../../kit/index.js";

/**
 * Someone who takes part: a member of this instance, or an actor of the network. Proposals, supports
 * and comments name a person by `_id`; a member has the same `_id` as their person.
 */
export interface Person {
  readonly _id: string;
  readonly origin: "here" | "elsewhere";
  /** Public name; never the login mail. */
  readonly name: string;
  /** Handle without `@`, unique among local people: `[a-z0-9_]{1,30}`; remote: `user@host`. */
  readonly handle: string;
  /** The actor's id on the network: always set for people elsewhere; here once they consent. */
  readonly uri: string | null;
  /** Page to show for this person: a local path or a remote http(s) address. */
  readonly url: string;
  /** Host of the home server; null for people of this instance. */
  readonly host: string | null;
  /** A few words about oneself, plain text. */
  readonly about: string;
  /** People here: up to four lines about oneself, a label with a text or a web address. */
  readonly fields?: readonly ProfileField[];
  /** People here: other servers may suggest them, and find what they write; only when they asked. */
  readonly discoverable?: boolean;
  readonly indexable?: boolean;
  /** People here: agreed to be an actor on the network under this name. */
  readonly federated: boolean;
  /** People here: when they last left the network; what they said before is no longer on it. */
  readonly leftAt?: Date;
  readonly createdAt: Date;
  /** Set when the account or actor was deleted; shown as "a former member". */
  readonly erasedAt: Date | null;
}

/**
 * Whether somebody here said something as they are on the network now: who came back is somebody new
 * there, and what they said before stays gone.
 */
export function hasSaidOnNetwork(
  { federated, uri, erasedAt, leftAt }: Person,
  publishedAt: Date,
): boolean {
  if (!federated || uri === null || erasedAt !== null) return false;
  return leftAt === undefined || publishedAt > leftAt;
}
