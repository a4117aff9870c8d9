import { createBudget, FetchRefused } from "../../drivers/fetch.js";
import type { Place } from "../../features/proposals/proposal.js";
import { receiveProposal, receiveProposalDeleted } from "../../features/proposals/receiving.js";
import { proposalById, proposalByUri } from "../../features/proposals/proposals.js";
import { Postpone, type Ctx } from "../../kit/index.js";
import { htmlToText } from "../../kit/text/sanitize.js";
import { actorUri, city, hostOf, sameOrigin } from "../addresses.js";
import { guardValue } from "../inbox/guard.js";
import type { Normal } from "../port.js";
import { followingCollection } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import type { Services } from "../services.js";
import { answerersTold } from "./answerers-told.js";
import { unlessDeleted } from "./deleted.js";
import type { Inbound, Outcome } from "./inbound.js";
import { civicProposal, first, idOf, isNormal, isPublic, moment, updatedAt } from "./read.js";

/** What reading at another address needs. */
export type Reading = Pick<Inbound, "services" | "ctx" | "budget"> & {
  /** The actor that is just answering what is read. */
  readonly answerer?: string;
  /** Whether who answers is asked for anew, whatever was told a moment ago. */
  readonly isFresh?: true;
};

/** Whether the host of an actor is that of an instance that accepted our link. */
export async function isLinkedHost(ctx: Ctx, uri: string): Promise<boolean> {
  const row = await ctx.collection(followingCollection).findOne({
    host: hostOf(uri) ?? "",
    state: "accepted",
    actorUri: actorUri(ctx.instance, city),
  });
  return row !== null;
}

/** Whether this very actor is the city or association of a linked instance. */
export async function isLinkedActor(ctx: Ctx, uri: string): Promise<boolean> {
  const row = await ctx
    .collection(followingCollection)
    .findOne({ actorUri: actorUri(ctx.instance, city), targetUri: uri });
  return row?.state === "accepted";
}

/** Kinds of actors that speak for an instance and for what is proposed there, and never for a person. */
const spokesmen: ReadonlySet<unknown> = new Set(["Group", "Organization"]);

/**
 * Whether an actor may vouch for what others said: the city of a linked instance, or the actor of a
 * proposal there. Whoever merely has an account on its host speaks for themselves alone.
 */
export async function speaksForLinked(
  ctx: Ctx,
  { uri, type }: { readonly uri: string; readonly type: unknown },
): Promise<boolean> {
  const isSpokesman = [type].flat().some((one) => spokesmen.has(one));
  return isSpokesman ? isLinkedHost(ctx, uri) : isLinkedActor(ctx, uri);
}

/** What became of a proposal that was read, and whose official responses its home told just then it takes. */
export interface Told {
  readonly outcome: Outcome;
  readonly answeredBy: readonly string[];
}

/** Keep a proposal of a linked instance as its own actor describes it; told again, it is brought up to date. */
export async function takeProposal(reading: Reading, note: Normal): Promise<Outcome> {
  return (await takeTold(reading, note)).outcome;
}

async function takeTold(reading: Reading, note: Normal): Promise<Told> {
  const { ctx } = reading;
  const uri = note.id ?? "";
  const by = idOf(first(note, "attributedTo")) ?? uri;
  const told = await unlessDeleted<Told | Outcome>(
    ctx,
    { uri, by },
    { act: () => keepProposal(reading, note), takeBack: () => dropProposal(ctx, uri, by) },
  );
  return typeof told === "string" ? ofNobody(told) : told;
}

function ofNobody(outcome: Outcome): Told {
  return { outcome, answeredBy: [] };
}

/** A proposal that is deleted; only its own actor's word counts. */
export async function dropProposal(ctx: Ctx, uri: string, actor: string): Promise<Outcome> {
  const proposal = await proposalByUri(ctx, uri);
  if (proposal === null) return "unknown";
  if (proposal.elsewhere?.actorUri !== actor) return "not its author";
  await receiveProposalDeleted(ctx, uri);
  return "proposal deleted";
}

async function keepProposal(reading: Reading, note: Normal): Promise<Told | Outcome> {
  const { services, ctx, budget } = reading;
  const civic = civicProposal.safeParse(note["civic"]);
  const uri = note.id ?? "";
  const owner = idOf(first(note, "attributedTo"));
  if (!civic.success || owner === null || !sameOrigin(uri, owner)) return "not a proposal";
  if (!isPublic(note) || !(await isLinkedHost(ctx, uri))) return "not from a linked instance";
  const { type } = await remoteActor(services, ctx, owner, { budget });
  if (!(await speaksForLinked(ctx, { uri: owner, type }))) return "not by a proposal's actor";
  const { data } = civic;
  const page = idOf(first(note, "url"));
  const answeredBy = await answerersTold(reading, uri, data);
  const kept = await receiveProposal(ctx, {
    ...{ uri, title: data.title, html: data.text, text: htmlToText(data.text) },
    place: placeOf(first(note, "location")),
    elsewhere: {
      host: hostOf(uri) ?? "",
      instanceName: data.instance,
      actorUri: owner,
      url: page !== null && sameOrigin(page, uri) ? page : uri,
      number: data.number,
      authorName: data.author,
      of: data.of,
      answeredBy,
      updatedAt: updatedAt(note, ctx.clock.now()),
    },
    publishedAt: moment(first(note, "published"), ctx.clock.now()),
    status: data.status,
    counts: { supports: data.supports, comments: data.comments },
  });
  return kept.deletedAt === undefined ? { outcome: "proposal", answeredBy } : "deleted before";
}

function placeOf(location: unknown): Place | null {
  if (!isNormal(location)) return null;
  const [name, latitude, longitude] = ["name", "latitude", "longitude"].map((term) =>
    first(location, term),
  );
  if (typeof name !== "string" || name === "") return null;
  const isSpot =
    typeof latitude === "number" &&
    typeof longitude === "number" &&
    Math.abs(latitude) <= 90 &&
    Math.abs(longitude) <= 180;
  const spot = isSpot ? { latitude, longitude } : { latitude: null, longitude: null };
  return { name: name.slice(0, 200), ...spot };
}

/** Fetch a proposal from its own address and keep it; only unknown ones are asked for. */
export async function takeProposalAt(reading: Reading, uri: string): Promise<Outcome> {
  if ((await proposalByUri(reading.ctx, uri)) !== null) return "known already";
  return (await takeThere(reading, uri)).outcome;
}

/**
 * Read a proposal again at its own address. Whether an actor answers it is what this tells, not its row,
 * which an Update may have written since that was not asked about them.
 */
export function takeProposalNow(reading: Reading, uri: string): Promise<Told> {
  return takeThere({ ...reading, isFresh: true }, uri);
}

async function takeThere(reading: Reading, uri: string): Promise<Told> {
  const { services, ctx, budget } = reading;
  const { fetchDocument } = services.reachOf(ctx.instance);
  const { id, document } = await fetchDocument(uri, { budget });
  if (id !== uri) return ofNobody("not at its own address");
  return takeTold(reading, await services.normal.of(guardValue(document)));
}

/**
 * Read a proposal again since somebody would answer it. What is gone or says no for good is left as it is.
 * @throws FetchRefused while its home is out of reach
 */
export async function readAgain(services: Services, ctx: Ctx, proposalId: string): Promise<void> {
  const proposal = await proposalById(ctx, proposalId);
  if (proposal === null || proposal.elsewhere === null) return;
  // The proposal, its actor, and whether we are among those who answer it.
  const budget = createBudget(3);
  try {
    await takeProposalNow({ services, ctx, budget }, proposal.uri);
  } catch (error) {
    if (!(error instanceof FetchRefused) || error.isPassing) throw error;
  }
}

/** One that cannot be read is left out; when only its turn has not come, all is begun again. */
function orUnreachable(error: unknown): string {
  if (error instanceof Postpone) throw error;
  return "unreachable";
}

/** Proposals read when a link is made: one page of the other's outbox. */
const mostCaughtUp = 19;

/** Read the newest proposals of an instance that has just accepted our link. */
export async function catchUpWith(
  services: Services,
  ctx: Ctx,
  outboxUri: string,
): Promise<number> {
  // The outbox, and each proposal with its actor and whether we may answer it.
  const budget = createBudget(1 + 3 * mostCaughtUp);
  const { fetchDocument } = services.reachOf(ctx.instance);
  const { document } = await fetchDocument(outboxUri, { budget });
  const outbox = await services.normal.of(guardValue(document));
  const page = first(outbox, "first");
  const items = isNormal(page) ? page["orderedItems"] : outbox["orderedItems"];
  const told = (type: string): Array<string | null> =>
    (Array.isArray(items) ? items : [])
      .filter((item): item is Normal => isNormal(item) && item.type === type)
      .map((item) => idOf(first(item, "object")));
  // What the city said itself and boosts is an answer.
  const own = new Set(told("Create"));
  const uris = told("Announce").filter(
    (uri): uri is string => uri !== null && !own.has(uri) && sameOrigin(uri, outboxUri),
  );
  let taken = 0;
  for (const uri of [...new Set(uris)].slice(0, mostCaughtUp)) {
    const outcome = await takeProposalAt({ services, ctx, budget }, uri).catch(orUnreachable);
    if (outcome === "proposal") taken += 1;
  }
  return taken;
}
