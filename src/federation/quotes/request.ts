import { personById } from "../../features/people/people.js";
import { commentByUri } from "../../features/comments/comments.js";
import { insertOnce, type Ctx } from "../../kit/index.js";
import {
  actorUri,
  hostOf,
  instanceActor,
  localPath,
  sameOrigin,
  type LocalActor,
} from "../addresses.js";
import { isSaidOnNetwork } from "../documents/on-network.js";
import { deletionOf } from "../inbound/deleted.js";
import type { Handle, Inbound, Outcome } from "../inbound/inbound.js";
import { ourNote, type OurNote } from "../inbound/ours.js";
import { first, idOf, isNormal } from "../inbound/read.js";
import { nobody } from "../outbound/send.js";
import type { JsonObject } from "../remote-document.js";
import { remoteActor } from "../remote-actors.js";
import { quotableNote } from "./quotable.js";
import { quoteId, quotesCollection, quoteUri, type Quote } from "./record.js";
import { revoke } from "./revoke.js";

/** Authorisations that stand at once for one server; what it asks for beyond is refused. */
export const mostQuotesPerHost = 10_000;

/** What is asked, and whom the answer goes to. */
interface Asked {
  /** As the request names them. */
  readonly objectUri: string;
  readonly quoting: string | null;
  readonly inbox: string;
}

/**
 * Somebody asks to quote a Note of ours (FEP-044f). Every request is answered, repeated ones too:
 * a quote without an answer hangs as pending for ever. What is public may be quoted; the answer
 * names an authorisation that anybody can read.
 */
export const quoteRequest: Handle = async (inbound) => {
  const { services, ctx, actor, activity, budget } = inbound;
  const objectUri = idOf(first(activity, "object"));
  if (objectUri === null || localPath(ctx.instance, objectUri) === null) return "not ours";
  const { inbox } = await remoteActor(services, ctx, actor, { budget });
  const asked = { objectUri, quoting: ownPost(inbound), inbox };
  const note = await quotableNote(ctx, objectUri);
  if (note === null || asked.quoting === null) return refuse(inbound, asked);
  const quote = await authorise(inbound, note, { ...asked, quoting: asked.quoting });
  if (quote === null) return refuse(inbound, asked);
  await answer(inbound, "Accept", note.actor, asked, { result: quoteUri(ctx.instance, quote) });
  return "quote accepted";
};

/** The quoting post, which has to be of the server that asks, and by who asks where that is told. */
function ownPost({ activity, actor }: Inbound): string | null {
  const instrument = first(activity, "instrument");
  const uri = idOf(instrument);
  if (uri === null || uri.length > 2_048 || !sameOrigin(uri, actor)) return null;
  const author = isNormal(instrument) ? idOf(first(instrument, "attributedTo")) : null;
  return author === null || author === actor ? uri : null;
}

/**
 * The authorisation of a pair, made when there is none. What was deleted or withdrawn while it was
 * made is looked at again afterwards, as its deletion looks for authorisations: one of both sees it.
 */
async function authorise(
  { send, ctx, actor }: Inbound,
  note: OurNote,
  { quoting, inbox }: Asked & { readonly quoting: string },
): Promise<Quote | null> {
  const rows = ctx.collection(quotesCollection);
  const _id = quoteId(ctx.instance, note.uri, quoting);
  const host = hostOf(actor) ?? "";
  if ((await rows.findOne({ _id })) === null) {
    const limit = { limit: mostQuotesPerHost };
    if ((await rows.countDocuments({ host, revokedAt: null }, limit)) >= mostQuotesPerHost) {
      return null;
    }
    const authorUri = actorUri(ctx.instance, note.actor);
    const fresh: Quote = {
      ...{ _id, quotedUri: note.uri, quotingUri: quoting, authorUri, actorUri: actor, host, inbox },
      ...{ at: ctx.clock.now(), revokedAt: null, expiresAt: null },
    };
    await insertOnce(() => rows.insertOne(fresh));
  }
  const quote = await rows.findOne({ _id });
  if (quote === null || quote.revokedAt !== null) return null;
  const deletion = await deletionOf(ctx, { uri: quoting, by: actor });
  const isGone = deletion !== null || (await quotableNote(ctx, note.uri)) === null;
  if (!isGone) return quote;
  await revoke(send, ctx, quote, false);
  return null;
}

async function refuse(inbound: Inbound, asked: Asked): Promise<Outcome> {
  await answer(inbound, "Reject", await authorOf(inbound.ctx, asked.objectUri), asked);
  return "quote refused";
}

/** Whose it is or was, as far as others know them; the instance itself speaks for everybody else. */
async function authorOf(ctx: Ctx, uri: string): Promise<LocalActor> {
  const note = await ourNote(ctx, uri);
  if (note !== null) return note.actor;
  const comment = await commentByUri(ctx, uri);
  if (comment === null || comment.origin !== "here") return instanceActor;
  const author = await personById(ctx, comment.authorId);
  return isSaidOnNetwork(author, comment)
    ? { kind: "person", handle: author.handle }
    : instanceActor;
}

async function answer(
  { send, ctx, entry, actor }: Inbound,
  type: "Accept" | "Reject",
  by: LocalActor,
  { objectUri, quoting, inbox }: Asked,
  more: JsonObject = {},
): Promise<void> {
  const instrument = quoting === null ? {} : { instrument: quoting };
  await send(ctx, {
    ...{ key: `quote/${entry._id}`, actor: by, type, to: [actor], more },
    object: {
      ...{ id: entry.activityUri, type: "QuoteRequest", actor, object: objectUri },
      ...instrument,
    },
    ...{ objectUri: entry.activityUri, listed: false },
    audience: { ...nobody, inboxes: [inbox] },
  });
}
