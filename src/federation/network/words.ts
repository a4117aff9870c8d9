/** Kinds of trouble that have words, `network.trouble.<kind>`. */
export type Trouble =
  | "busy"
  | "down"
  | "slow"
  | "unreachable"
  | "address"
  | "unreadable"
  | "missing"
  | "unwanted"
  | "blocked"
  | "unsigned"
  | "other";

const troubles: Readonly<Record<string, Trouble>> = {
  ...{ timeout: "slow", unreachable: "unreachable", aborted: "unreachable", "host-busy": "busy" },
  ...{ "bad-url": "address", "bad-scheme": "address", "bad-port": "address" },
  "private-address": "address",
  ...{ "too-many-redirects": "unreadable", "too-large": "unreadable", "bad-type": "unreadable" },
  ...{ "bad-body": "unreadable", "id-mismatch": "unreadable", "budget-spent": "unreadable" },
  ...{ "not an actor": "unreadable", "invalid-form": "unreadable", status: "missing" },
  ...{ "not-found": "missing", gone: "missing", withdrawn: "missing", "not-allowed": "unwanted" },
  ...{ "needs-consent": "unwanted", suspended: "unwanted", unavailable: "down" },
  ...{ "already-answered": "unwanted", "already-taken": "unwanted" },
  ...{ unwanted: "blocked", blocked: "blocked", "not-listed": "blocked", closed: "blocked" },
};

/** The kind of trouble behind an error as it is stored with a server or an entry of the inbox. */
export function troubleOf(stored: string): Trouble {
  const status = /^status (\d{3})$/.exec(stored)?.[1];
  if (status === undefined) return known(troubles, stored) ?? "other";
  if (status === "401") return "unsigned";
  return ["408", "425", "429"].includes(status) ? "busy" : "down";
}

/** Reasons of a server that refuses deliveries, which have words, `network.refusals.<reason>`. */
export type RefusalReason = "unwanted" | "missing" | "tooLarge" | "unreadable";

const refusals: Readonly<Record<string, RefusalReason>> = {
  ...{ 403: "unwanted", 404: "missing", 410: "missing", 413: "tooLarge" },
};

/** The reason behind the status with which a delivery was refused for good. */
export function refusalOf(status: number): RefusalReason {
  return known(refusals, String(status)) ?? "unreadable";
}

/** Kinds of what comes in that have words, `network.kinds.<kind>`. */
export type Kind =
  "publication" | "change" | "removal" | "follow" | "answer" | "like" | "share" | "undo" | "other";

const kinds: Readonly<Record<string, Kind>> = {
  ...{ Create: "publication", Update: "change", Delete: "removal", Follow: "follow" },
  ...{ Accept: "answer", Reject: "answer", Like: "like", Announce: "share", Undo: "undo" },
};

/** What came, by the type it was sent as. */
export function kindOf(type: string): Kind {
  return known(kinds, type) ?? "other";
}

function known<T>(words: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
