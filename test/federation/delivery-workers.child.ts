import type { Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import {
  commentByUri,
  deleteComment,
  editComment,
  publishComment,
} from "../../src/features/comments/comments.js";
import { proposalById } from "../../src/features/proposals/proposals.js";
import { aFollowedProposal, aStoredCity } from "./support/stored-city.js";

/** What the test asks of a process: `{ id, order, given }`, answered with `{ id, result }`. */
interface Asked {
  readonly id: number;
  readonly order: "found" | "say" | "edit" | "remove" | "delivered";
  readonly given: readonly string[];
}

const {
  file = null,
  url = "",
  dbName = "",
} = JSON.parse(process.argv[2] ?? "{}") as {
  readonly file?: string;
  readonly url?: string;
  readonly dbName?: string;
};

async function opened(): Promise<Store> {
  if (file !== null) return openSqliteStore(file);
  const { openMongoStore } = await import("../../src/drivers/store/mongo.js");
  return openMongoStore(url, { dbName });
}
const city = await aStoredCity(await opened());
const { citizen } = city;

async function idOf(uri: string): Promise<string> {
  const comment = await commentByUri(citizen, uri);
  if (comment === null) throw new Error(`no such comment: ${uri}`);
  return comment._id;
}

const orders: Readonly<Record<Asked["order"], (given: readonly string[]) => Promise<unknown>>> = {
  found: async (inboxes) => (await aFollowedProposal(citizen, inboxes))._id,
  async say([proposalId = "", body = ""]) {
    if ((await proposalById(citizen, proposalId)) === null) throw new Error("no such proposal");
    return (await publishComment(citizen, { proposalId, parentId: null, body })).uri;
  },
  edit: async ([uri = "", body = ""]) => editComment(citizen, await idOf(uri), { body }),
  remove: async ([uri = ""]) => deleteComment(citizen, await idOf(uri)),
  delivered: () => city.delivered(),
};

process.on("message", ({ id, order, given }: Asked) => {
  const fail = (error: unknown): void =>
    void process.send?.({ id, error: error instanceof Error ? error.stack : String(error) });
  orders[order](given).then((result) => process.send?.({ id, result: result ?? null }), fail);
});
process.on("disconnect", () => void city.close().then(() => process.exit(0)));
await city.start();
process.send?.({ ready: true });
