import { Long, ObjectId, type Document } from "mongodb";

/** What a member says about itself and the set, as MongoDB's `hello` does. */
export interface View {
  /** What the engine says of its own limits. */
  readonly engine: Document;
  readonly hosts: readonly string[];
  readonly me: string;
  readonly primary: string | null;
  /** Of the election that the set is at. */
  readonly term: number;
  /** Another one after every start of the member. */
  readonly processId: ObjectId;
  readonly version: number;
}

/** The name of every set. */
export const setName = "parvis";

/** Another one at every change, so that a driver that has heard of it waits for the next. */
export function topologyVersion({ processId, version }: Pick<View, "processId" | "version">) {
  return { processId, counter: Long.fromNumber(version) };
}

/** The answer to `hello`, and to the older `isMaster` by which a connection begins. */
export function helloOf(view: View): Document {
  const { engine, hosts, me, primary, term } = view;
  const isPrimary = primary === me;
  return {
    ...engine,
    ...{ helloOk: true, isWritablePrimary: isPrimary, ismaster: isPrimary, secondary: !isPrimary },
    ...{ setName, setVersion: 1, hosts, me, readOnly: false, logicalSessionTimeoutMinutes: 30 },
    ...(primary === null ? {} : { primary }),
    ...(isPrimary ? { electionId: new ObjectId(term.toString(16).padStart(24, "0")) } : {}),
    ...{ topologyVersion: topologyVersion(view), localTime: new Date(), ok: 1 },
  };
}

const writes: ReadonlySet<string> = new Set([
  ...["insert", "update", "delete", "findAndModify", "create", "createIndexes", "collMod"],
  ...["drop", "dropIndexes", "dropDatabase", "renameCollection"],
]);

const reads: ReadonlySet<string> = new Set([
  ...["find", "aggregate", "count", "distinct", "listCollections", "listIndexes", "dbStats"],
]);

/** Whether a command is for the primary alone, and how a server calls it when it is none. */
export function forPrimary(name: string, body: Document): "write" | "read" | null {
  if (writes.has(name)) return "write";
  const { mode = "primary" } = (body["$readPreference"] ?? {}) as { mode?: string };
  return reads.has(name) && mode === "primary" ? "read" : null;
}

const refusals = {
  write: { code: 10107, codeName: "NotWritablePrimary", errmsg: "not primary" },
  read: { code: 13435, codeName: "NotPrimaryNoSecondaryOk", errmsg: "not primary" },
  interrupted: {
    ...{ code: 11602, codeName: "InterruptedDueToReplStateChange" },
    errmsg: "operation was interrupted",
  },
} as const;

/** An error of a member that is not, or is no longer, the primary; a write that may come again says so. */
export function refusalOf(why: keyof typeof refusals, body: Document, view: View): Document {
  const errorLabels = "txnNumber" in body ? { errorLabels: ["RetryableWriteError"] } : {};
  return { ok: 0, ...refusals[why], ...errorLabels, topologyVersion: topologyVersion(view) };
}
