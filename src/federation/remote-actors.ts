import { z } from "zod";
import { FetchRefused, type FetchBudget } from "../drivers/fetch.js";
import { personByUri, receivePerson } from "../features/people/people.js";
import type { Person } from "../features/people/person.js";
import type { Elsewhere } from "../features/proposals/proposal.js";
import type { Ctx } from "../kit/index.js";
import { plainHandle, plainName } from "../kit/text/names.js";
import { cleanRemoteHtml, cutText, htmlToText } from "../kit/text/sanitize.js";
import { hostOf, sameOrigin } from "./addresses.js";
import { guardValue } from "./inbox/guard.js";
import { digestOfKeys, tellKeysChanged } from "./key-notices.js";
import { actorNow } from "./moves/record.js";
import { remoteActorsCollection, type RemoteActor } from "./records.js";
import type { JsonObject } from "./remote-document.js";
import type { Services } from "./services.js";
import { staleAt } from "./stale.js";
import { CIVIC_EXCHANGE } from "./vocabulary.js";

const day = 24 * 3_600_000;
const address = z
  .string()
  .max(2048)
  .refine((value) => hostOf(value) !== null);
const optional = <T>(schema: z.ZodType<T>) => schema.nullish().catch(null);
const text = (max: number) => optional(z.string().transform((value) => cutText(value, max)));

const actorType = z.enum(["Person", "Group", "Organization", "Service", "Application"]);

/** The type that an actor names; of several the first that we know. */
function typeIn(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.find((one) => actorType.safeParse(one).success);
}

/** Any property of ActivityStreams may stand in a list of one (JSON-LD 1.1, 4.3). */
function unlisted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const single = (one: unknown) =>
    Array.isArray(one) && one.length === 1 ? unlisted(one[0]) : one;
  if (Array.isArray(value)) return single(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, single(one)]));
}

const actorSchema = z.object({
  id: address,
  type: z.preprocess(typeIn, actorType),
  inbox: address,
  preferredUsername: text(200),
  name: text(500),
  summary: text(20_000),
  url: optional(address),
  followers: optional(address),
  outbox: optional(address),
  endpoints: optional(z.preprocess(unlisted, z.object({ sharedInbox: optional(address) }))),
  alsoKnownAs: optional(z.union([z.string(), z.array(z.unknown())])),
  implements: optional(z.union([z.string(), z.array(z.unknown())])),
  published: optional(z.string().max(40)),
  civic: optional(z.object({ kind: z.literal("instance"), of: z.enum(["city", "association"]) })),
});

/** Former addresses of one actor that are read. */
const mostNames = 50;

function isAddress(value: unknown): value is string {
  return address.safeParse(value).success;
}

/** A document that is no actor we can deal with. */
export class NotAnActor extends Error {
  override readonly name = "NotAnActor";
}

/** How to look for an actor. */
export interface LookUp {
  readonly budget?: FetchBudget;
  /** Read it again even when what we have is less than a day old. */
  readonly fresh?: boolean;
}

/**
 * What is known of an actor elsewhere; fetched when unknown or older than a day (requirement 25),
 * which has us forget the keys that it lists no more, in every process of the deployment.
 * An old record stands in while its server is out of reach.
 * @throws FetchRefused, NotAnActor
 */
export async function remoteActor(
  services: Services,
  ctx: Ctx,
  uri: string,
  { budget, fresh = false }: LookUp = {},
): Promise<RemoteActor> {
  const known = await ctx.collection(remoteActorsCollection).findOne({ uri });
  const age = known === null ? Infinity : ctx.clock.now().getTime() - known.fetchedAt.getTime();
  if (known !== null && age < day && !fresh) return known;
  const proven = fresh || known !== null ? undefined : services.provenActors.get(uri);
  if (proven !== undefined) return keepActor(ctx, uri, proven);
  try {
    const { fetchDocument, forgetReplaced } = services.reachOf(ctx.instance);
    const { id, document } = await fetchDocument(uri, { budget });
    forgetReplaced(document);
    const wasKnown = known !== null || fresh;
    if (wasKnown && known?.keys !== digestOfKeys(document)) await tellKeysChanged(ctx, id);
    services.provenActors.delete(id);
    return await keepActor(ctx, id, document);
  } catch (error) {
    if (known === null || fresh) throw error;
    return known;
  }
}

/** Store what an actor's own document says. */
async function keepActor(ctx: Ctx, uri: string, document: JsonObject): Promise<RemoteActor> {
  const actor = actorOf(uri, document, ctx.clock.now());
  const { _id, ...rest } = { _id: ctx.ids.next(), ...actor };
  const kept = await ctx
    .collection(remoteActorsCollection)
    .findOneAndUpdate(
      { uri },
      { $set: rest, $setOnInsert: { _id } },
      { upsert: true, returnDocument: "after" },
    );
  return kept ?? { _id, ...rest };
}

/** Read an actor document. Nothing in it is believed that its own host could not say. */
export function actorOf(uri: string, document: JsonObject, now: Date): Omit<RemoteActor, "_id"> {
  const parsed = actorSchema.safeParse(unlisted(guardValue(document).body));
  if (!parsed.success || parsed.data.id !== uri) throw new NotAnActor(uri.slice(0, 200));
  const { data } = parsed;
  const host = hostOf(uri) ?? "";
  const username = plainHandle(data.preferredUsername ?? "");
  const inOrder = (one: string | null | undefined): string | null =>
    one != null && sameOrigin(one, uri) ? one : null;
  return {
    uri,
    type: data.type,
    name: plainName(htmlToText(data.name ?? "")) || username || host,
    username,
    summary: cleanRemoteHtml(data.summary ?? ""),
    url: data.url ?? uri,
    host,
    inbox: data.inbox,
    sharedInbox: data.endpoints?.sharedInbox ?? null,
    followers: inOrder(data.followers),
    outbox: inOrder(data.outbox),
    civicExchange: [data.implements].flat().includes(CIVIC_EXCHANGE),
    civicOf: data.civic?.of ?? null,
    bornAt: bornAt(data.published ?? null),
    alsoKnownAs: [data.alsoKnownAs].flat().slice(0, mostNames).filter(isAddress),
    keys: digestOfKeys(document),
    fetchedAt: now,
    forgetAt: staleAt(now),
  };
}

/** Accounts of these types say that a machine runs them (Mastodon calls them automated). */
const machines: ReadonlySet<string> = new Set(["Service", "Application"]);

/** Whether an account says that a machine runs it. */
export function isAutomated({ type }: Pick<RemoteActor, "type">): boolean {
  return machines.has(type);
}

/** When an account was opened; null when its server does not tell. Who lies is not younger for it. */
function bornAt(published: string | null): Date | null {
  const at = published === null ? null : new Date(published);
  return at === null || Number.isNaN(at.getTime()) ? null : at;
}

/**
 * The inbox of a linked instance's proposal. Its actor may never have been asked for, and its server
 * be out of reach when there is something to tell: then it is where this software has it, so that
 * the delivery can wait for days and nothing is lost.
 * @throws FetchRefused for good, NotAnActor
 */
export async function homeInbox(
  services: Services,
  ctx: Ctx,
  { actorUri }: Pick<Elsewhere, "actorUri">,
): Promise<string> {
  try {
    return (await remoteActor(services, ctx, actorUri)).inbox;
  } catch (error) {
    if (error instanceof FetchRefused && error.isPassing) return `${actorUri}/inbox`;
    throw error;
  }
}

/**
 * The person behind an actor elsewhere, kept as somebody who takes part here. Who has moved is the
 * person of the new address, whichever one they speak from.
 */
export async function personBehind(ctx: Ctx, actor: RemoteActor): Promise<Person> {
  const person = await receivePerson(ctx, {
    uri: actor.uri,
    name: cutText(actor.name, 100),
    handle: `${cutText(actor.username, 100)}@${actor.host}`,
    url: actor.url,
    host: actor.host,
    about: cutText(htmlToText(actor.summary), 500),
  });
  return (await personNow(ctx, actor.uri)) ?? person;
}

/** The person who is known by the id of an actor, by the new one's where that one has moved. */
export async function personNow(ctx: Ctx, uri: string): Promise<Person | null> {
  return personByUri(ctx, await actorNow(ctx, uri));
}
