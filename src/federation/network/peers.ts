import {
  packCursor,
  Refusal,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Slice,
} from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { countWaiting } from "../delivery/waiting.js";
import { canonicalHost } from "../policy/hosts.js";
import { blocksAmong } from "../policy/policy.js";
import type { Block } from "../policy/records.js";
import { inboxCollection, peersCollection, type InboxEntry, type Peer } from "../records.js";

/** What an administrator sees of a server. */
export interface PeerHealth {
  readonly peer: Peer;
  /** The block or limit that counts for it: its own, or one of a domain that it lies in. */
  readonly block: Pick<Block, "who" | "severity"> | null;
  readonly waiting: number;
}

const pageSize = 25;
const newest = 50;

/** What is typed into the search, as hosts are written: lower case, without scheme or path. */
export function hostQuery(typed: string): string {
  const text = typed.trim().toLowerCase().slice(0, 253);
  if (text === "") return "";
  return hostOf(/^https?:\/\//.test(text) ? text : `https://${text}`) ?? text;
}

/** Servers: those in trouble first; or those whose host begins like `query`, by host. */
export async function listPeers(
  ctx: Ctx,
  query: string,
  after: string | null,
): Promise<Slice<PeerHealth>> {
  const rows = ctx.collection(peersCollection);
  const limit = pageSize + 1;
  const found =
    query === ""
      ? await rows.find(worse(after), { sort: worstFirst, limit }).toArray()
      : await rows.find(likeHost(query, after), { sort: { host: 1 }, limit }).toArray();
  const cursorOf = ({ failures, refusals, _id, host }: Peer): string =>
    packCursor(query === "" ? [failures, refusals, _id] : [host.slice(0, 200)]);
  const { items, next } = sliceOf(found, pageSize, cursorOf);
  const blocked = await blocksAmong(
    ctx,
    items.map(({ host }) => host),
  );
  const health = items.map(async (peer) => ({
    ...{ peer, block: blocked.get(peer.host) ?? null },
    waiting: await countWaiting(ctx, peer.host),
  }));
  return { items: await Promise.all(health), next };
}

const worstFirst = { failures: -1, refusals: -1, _id: 1 } as const;

function worse(after: string | null) {
  if (after === null) return {};
  const [failed, refused, id] = unpackCursor(after, 3);
  const [failures, refusals] = [Number(failed), Number(refused)];
  const same = { failures, refusals, _id: { $gt: String(id) } };
  return {
    $or: [{ failures: { $lt: failures } }, { failures, refusals: { $lt: refusals } }, same],
  };
}

function likeHost(query: string, after: string | null) {
  const end = `${query}\uffff`;
  if (after === null) return { host: { $gte: query, $lt: end } };
  const [last] = unpackCursor(after, 1);
  return { host: { $gt: String(last), $gte: query, $lt: end } };
}

/** The host that a form names. Throws `not-found` for what is none, or is our own. */
export function hostNamed(ctx: Ctx, given: unknown): string {
  const host = typeof given === "string" && given.length <= 260 ? canonicalHost(given) : null;
  if (host === null || host !== given || host === canonicalHost(ctx.instance.origin)) {
    throw new Refusal("not-found");
  }
  return host;
}

/** Servers in trouble that are counted. */
const mostFailing = 1_000;

/** How many servers take nothing at present, counted up to 1,000. */
export function countFailing(ctx: Ctx): Promise<number> {
  const failing = { failures: { $gt: 0 } };
  return ctx.collection(peersCollection).countDocuments(failing, { limit: mostFailing });
}

/** What came last and was refused: from whom, what, why and when. */
export type RefusedEntry = Pick<InboxEntry, "_id" | "actorUri" | "type" | "outcome" | "receivedAt">;

/** The newest of what came and was refused. */
export function listRefused(ctx: Ctx): Promise<RefusedEntry[]> {
  return ctx
    .collection(inboxCollection)
    .find(
      { state: "refused" },
      {
        sort: { receivedAt: -1 },
        limit: newest,
        projection: { actorUri: 1, type: 1, outcome: 1, receivedAt: 1 },
      },
    )
    .toArray();
}
