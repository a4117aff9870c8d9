import type { StatusView } from "../../kit/component-models.js";
import {
  defineForm,
  definePage,
  formView,
  head,
  line,
  untouched,
  type Ctx,
  type FormView,
  type PageModel,
  type Slice,
  type Typed,
} from "../../kit/index.js";
import { hostOf } from "../addresses.js";
import { restOf } from "../delivery/peers.js";
import { isUnavailable } from "../delivery/unavailable.js";
import { mostWaiting } from "../delivery/waiting.js";
import { listLinks, type Link } from "./links.js";
import type { Peer } from "../records.js";
import { hostQuery, listPeers, listRefused, type PeerHealth, type RefusedEntry } from "./peers.js";
import { kindOf, refusalOf, troubleOf } from "./words.js";

/** Where the page is. */
export const networkPath = "/admin/network";

/** The form that links another site. */
export const linkForm = defineForm(
  { address: line(1, 500) },
  { labels: { address: "network.link.address" } },
);

/** Another site that ours is linked with, asked, or was asked by. */
interface LinkView {
  readonly name: string;
  readonly host: string;
  readonly badge: StatusView;
  readonly since: Date;
  readonly notes: readonly string[];
  /** Where a POST ends the link; null when we never asked. */
  readonly end: string | null;
  /** What a POST of the form asks (again); null while all is well. */
  readonly ask: { readonly address: string; readonly text: string } | null;
}

/** How the exchange with a server goes. */
interface PeerView {
  readonly id: string;
  readonly host: string;
  readonly badge: StatusView;
  readonly delivered: Date | null;
  readonly received: Date | null;
  readonly problem: { readonly text: string; readonly at: Date | null } | null;
  /** How it refuses what is sent there: for what reason, how often, when last. */
  readonly refuses: { readonly text: string; readonly at: Date | null } | null;
  readonly rests: Date | null;
  /** On how many days it took nothing, and since when; null while that is of no weight. */
  readonly failing: { readonly text: string; readonly since: Date } | null;
  /** Since when it is only tried once a day. */
  readonly unavailable: Date | null;
  readonly waiting: string | null;
  readonly isBlocked: boolean;
  /** Blocked or limited by itself, so that it can be lifted here. */
  readonly isListed: boolean;
  readonly isLimited: boolean;
  /** The domain by which it is blocked or limited; null when it is by itself, or not at all. */
  readonly within: string | null;
  readonly canTry: boolean;
}

/** Linked sites, the health of exchanges, and what was refused: for admins. */
export interface NetworkPage extends PageModel {
  readonly form: FormView;
  readonly links: readonly LinkView[];
  readonly query: string;
  readonly peers: readonly PeerView[];
  /** A host that was searched for, is not known and could be blocked. */
  readonly unknownHost: string | null;
  readonly next: string | null;
  /** Back to the first page, or to all; null when there. */
  readonly start: string | null;
  readonly refused: ReadonlyArray<{
    readonly host: string;
    readonly what: string;
    readonly why: string;
    readonly at: Date;
  }>;
}

export const networkPage = definePage<NetworkPage>("network/show");

/** What was asked of the page by its address. */
export interface Wish {
  readonly host?: string | undefined;
  readonly after?: string | undefined;
}

/** Gather the page; `typed` is what was typed into the form. */
export async function networkModel(
  ctx: Ctx,
  wish: Wish,
  typed: Typed = untouched(),
): Promise<NetworkPage> {
  const query = hostQuery(wish.host ?? "");
  const [links, peers, refused] = await Promise.all([
    listLinks(ctx),
    listPeers(ctx, query, wish.after ?? null),
    listRefused(ctx),
  ]);
  const isKnown = peers.items.some(({ peer }) => peer.host === query);
  const couldBe = hostOf(`https://${query}`) === query && query.includes(".");
  const isOurs = query === hostOf(ctx.instance.origin);
  return {
    head: head(ctx.t.t("network.title"), { noIndex: true }),
    form: formView(linkForm, typed, ctx.t),
    links: links.map((link) => linkView(ctx, link)),
    query,
    peers: peers.items.map((health) => peerView(ctx, health)),
    unknownHost: couldBe && !isKnown && !isOurs ? query : null,
    ...pages(query, wish.after, peers),
    refused: refused.map((entry) => refusedView(ctx, entry)),
  };
}

function pages(query: string, after: string | undefined, { next }: Slice<PeerHealth>) {
  const at = (cursor: string): string => {
    const host = query === "" ? "" : `host=${encodeURIComponent(query)}&`;
    return `${networkPath}?${host}after=${cursor}#servers`;
  };
  const isStart = query === "" && after === undefined;
  return { next: next === null ? null : at(next), start: isStart ? null : networkPath };
}

const linkCodes = {
  asked: "under-study",
  accepted: "accepted",
  refused: "declined",
  none: "open",
} as const;

function linkView(ctx: Ctx, { id, uri, host, name, state, since, receives }: Link): LinkView {
  const t = (key: string): string => ctx.t.t(`network.links.${key}`);
  const isBoth = state === "accepted" && receives;
  const notes = isBoth
    ? [t("both")]
    : [t(`notes.${state}`), t(receives ? "receives" : "receivesNot")];
  return {
    ...{ name, host, since, notes: state === "none" ? notes.slice(0, 1) : notes },
    badge: { code: linkCodes[state], label: t(`states.${state}`) },
    end: id === null ? null : `${networkPath}/links/${encodeURIComponent(id)}/end`,
    ask:
      state === "accepted"
        ? null
        : { address: uri, text: t(state === "none" ? "ask" : "askAgain") },
  };
}

function stateOf(ctx: Ctx, { peer, block }: PeerHealth): keyof typeof peerCodes {
  if (block !== null) return block.severity ?? "blocked";
  if (isUnavailable(peer)) return "unavailable";
  if (restOf(peer, ctx.clock.now()) > 0) return "resting";
  if (peer.failures > 0) return "troubled";
  if (peer.refusals > 0) return "refusing";
  const isSilent = peer.lastDeliveredAt === null && (peer.lastReceivedAt ?? null) === null;
  return isSilent ? "unknown" : "well";
}

function peerView(ctx: Ctx, health: PeerHealth): PeerView {
  const { peer, block, waiting } = health;
  const { _id, host, lastDeliveredAt, lastFailedAt, lastError, failures, openUntil } = peer;
  const unavailable = peer.unavailableSince ?? null;
  const isResting = unavailable === null && restOf(peer, ctx.clock.now()) > 0;
  const received = peer.lastReceivedAt ?? null;
  const state = stateOf(ctx, health);
  const count = { count: waiting };
  const key = waiting >= mostWaiting ? "network.peers.waitingMany" : "network.peers.waiting";
  return {
    ...{ id: _id, host, delivered: lastDeliveredAt, received, isBlocked: state === "blocked" },
    ...{ isListed: block?.who === host, isLimited: state === "limited" },
    within: block === null || block.who === host ? null : block.who,
    badge: { code: peerCodes[state], label: ctx.t.t(`network.peers.states.${state}`) },
    problem: failures === 0 ? null : problemOf(ctx, failures, lastError ?? "", lastFailedAt),
    refuses: refusesOf(ctx, peer),
    rests: unavailable === null ? (isResting ? openUntil : null) : (peer.sweepAt ?? null),
    failing: failingOf(ctx, peer),
    unavailable,
    waiting: waiting === 0 ? null : ctx.t.t(key, count),
    canTry: waiting > 0 || isResting || unavailable !== null,
  };
}

const peerCodes = {
  blocked: "declined",
  limited: "under-study",
  unavailable: "declined",
  resting: "under-study",
  troubled: "under-study",
  refusing: "declined",
  unknown: "open",
  well: "accepted",
} as const;

/** One day of failures is told as such; more of them lead to the end of all deliveries. */
function failingOf(ctx: Ctx, { failingDays = 0, failingSince = null }: Peer): PeerView["failing"] {
  if (failingDays < 2 || failingSince === null) return null;
  const text = ctx.t.t("network.peers.failingDays", { count: failingDays });
  return { text, since: failingSince };
}

function problemOf(ctx: Ctx, failures: number, error: string, at: Date | null) {
  const why = ctx.t.t(`network.trouble.${troubleOf(error)}`);
  const often = ctx.t.t("network.peers.failures", { count: failures });
  return { text: `${why} ${often}`, at };
}

function refusesOf(ctx: Ctx, { refusals, lastRefusal, lastRefusedAt }: Peer): PeerView["refuses"] {
  if (refusals === 0) return null;
  const status = lastRefusal ?? 0;
  const why = ctx.t.t(`network.refusals.${refusalOf(status)}`);
  const often = ctx.t.t("network.peers.refusals", { count: refusals });
  return { text: `${why} ${often}`, at: lastRefusedAt ?? null };
}

function refusedView(ctx: Ctx, { actorUri, type, outcome, receivedAt }: RefusedEntry) {
  return {
    host: hostOf(actorUri) ?? "",
    what: ctx.t.t(`network.kinds.${kindOf(type)}`),
    why: ctx.t.t(`network.refused.why.${troubleOf(outcome ?? "")}`),
    at: receivedAt,
  };
}
