import { Refusal, throttle } from "../../kit/index.js";
import { actorUri, hostOf, instanceActor, localActor } from "../addresses.js";
import type { Inbound, Outcome } from "../inbound/inbound.js";
import { first, idOf, isNormal, isPublic, recipients } from "../inbound/read.js";
import { nobody } from "../outbound/send.js";
import type { Normal } from "../port.js";
import { activitiesCollection } from "../records.js";
import { remoteActor } from "../remote-actors.js";
import { selfTestsCollection } from "./self-test.js";
import { testKind, testWords } from "./words.js";

const perHost = { what: "self-test-echo", limit: 20, windowMs: 3_600_000 };
const keptMs = 24 * 3_600_000;

/** Whether a Note is the message of a self-test, or the reply to one. */
export function isTestNote(note: Normal): boolean {
  const civic = note["civic"];
  return isNormal(civic) && civic["kind"] === testKind && !isPublic(note);
}

/**
 * The message of another instance's self-test is answered by our server's own actor; nobody sees
 * either. A reply is only noted, never answered, so that two servers cannot talk for ever; nor is
 * any host answered more than twenty times an hour.
 */
export async function takeTestNote(inbound: Inbound, note: Normal): Promise<Outcome> {
  const { ctx, entry, actor } = inbound;
  if (entry.trust !== "signed") return "not from its sender";
  const host = hostOf(actor) ?? "";
  const answered = idOf(first(note, "inReplyTo"));
  if (answered !== null) {
    const { matchedCount } = await ctx
      .collection(selfTestsCollection)
      .updateOne({ noteUri: answered, host }, { $set: { repliedAt: ctx.clock.now() } });
    return matchedCount === 0 ? "no such test" : "test answered";
  }
  if (!recipients(note).some((one) => localActor(ctx.instance, one) !== null)) return "not to us";
  try {
    await throttle(ctx, perHost, host);
  } catch (error) {
    if (error instanceof Refusal) return "too many tests";
    throw error;
  }
  return answerTest(inbound, note.id ?? "");
}

async function answerTest(
  { services, send, ctx, entry, actor, budget }: Inbound,
  inReplyTo: string,
): Promise<Outcome> {
  const { inbox } = await remoteActor(services, ctx, actor, { budget });
  const attributedTo = actorUri(ctx.instance, instanceActor);
  const id = `${attributedTo}/tests/${entry._id.slice(0, 32)}`;
  const { _id } = await send(ctx, {
    ...{ key: `test-reply/${entry._id}`, actor: instanceActor, type: "Create", to: [actor] },
    object: {
      ...{ id, type: "Note", attributedTo, inReplyTo, to: [actor] },
      ...{ content: testWords(ctx.instance), civic: { kind: testKind } },
    },
    ...{ objectUri: id, listed: false, audience: { ...nobody, inboxes: [inbox] } },
  });
  const expiresAt = new Date(ctx.clock.now().getTime() + keptMs);
  await ctx.collection(activitiesCollection).updateOne({ _id }, { $set: { expiresAt } });
  return "test replied to";
}
