import { registrableDomain } from "../../drivers/registrable-domain.js";
import type { Visit } from "../../hosting/web/door.js";
import type { Ctx, Instance } from "../../kit/index.js";
import { hostOf, sameOrigin } from "../addresses.js";
import { speaksForLinked } from "../inbound/linked.js";
import { remoteActorsCollection } from "../records.js";
import { createNoteReceived, type NoteReceived } from "../delivery/peers.js";
import { mayTalk } from "../policy/policy.js";
import { lookingFor, signedRequest } from "../policy/signed-request.js";
import type { JsonObject } from "../remote-document.js";
import type { Services } from "../services.js";
import type { InspectedSignature, SignatureRefusal } from "../signatures/request.js";
import {
  inspectRequest,
  verifyInspected,
  type ResolveKey,
  type VerifiedRequest,
} from "../signatures/verify.js";
import { attestationOf } from "./attested.js";
import { createRateLimit, type RateLimit } from "./gates.js";
import { guard, HostileDocument } from "./guard.js";
import { createKeep, type Came, type Hand, type Keep } from "./keep.js";
import { activityHead, type ActivityHead } from "./shape.js";

/** What the sender is told. */
export interface Verdict {
  readonly status: number;
  readonly error: string | null;
}

const accepted: Verdict = { status: 202, error: null };
const refused = (status: number, error: string): Verdict => ({ status, error });
const tooMany = refused(429, "too many requests");

/** A POST as it came. */
export interface Posted extends Visit {
  readonly body: Buffer;
}

/** Takes one signed POST in; resolves once it is durable, or says why it is refused. */
export type Receive = (req: Posted) => Promise<Verdict>;

/**
 * The one door for every inbox: cheap checks, signature, one insert, one job, 202. Nothing is
 * fetched but the key, and that only after every check that needs no network; what the activity
 * does is left to the job (requirements 5 to 9, 14, 15, 21).
 */
export function createReceive(services: Services, hand: Hand): Receive {
  const { parts, timing } = services;
  const door: Door = {
    services,
    rate: createRateLimit(timing.inboxPerMinute),
    noteReceived: createNoteReceived(),
    keep: createKeep(hand),
  };
  const contexts = new WeakMap<Instance, Ctx>();
  return (req) => {
    const { instance } = req;
    const known = contexts.get(instance);
    const ctx = known ?? parts.contexts({ instance, member: null, language: instance.language });
    if (known === undefined) contexts.set(instance, ctx);
    return verdictOn(door, ctx, req);
  };
}

interface Door {
  readonly services: Services;
  /** Counts what is verified, so that nobody uses up another's share by forgeries. */
  readonly rate: RateLimit;
  readonly noteReceived: NoteReceived;
  readonly keep: Keep;
}

/** Everything that needs neither key nor network, the cheapest first. */
async function verdictOn(door: Door, ctx: Ctx, req: Posted): Promise<Verdict> {
  const rawBody = req.body;
  const now = ctx.clock.now();
  const { policy } = door.services;
  if ((await policy.settings(ctx)).mode === "closed") return refused(403, "closed");
  const inspected = inspectRequest(signedRequest(ctx, req, rawBody), now);
  if (!inspected.ok) return refused(inspected.status, inspected.code);
  const head = headOf(ctx, rawBody);
  if (head === null) return refused(400, "not an activity that we take");
  if (sameOrigin(inspected.keyId, ctx.instance.origin)) return refused(401, "key-not-owned");
  const standing = await policy.standing(ctx, [inspected.keyId, head.actor]);
  if (!mayTalk(standing)) return refused(403, standing);
  const signer = shareOf(ctx, inspected.keyId);
  if (door.rate.isSpent(signer, now.getTime())) return tooMany;
  const resolveKey = lookingFor(req, door.services.reachOf(ctx.instance).resolveKey);
  const { request } = req;
  return verify(door, ctx, { inspected, head, rawBody, request, resolveKey });
}

async function verify(door: Door, ctx: Ctx, asked: Asked): Promise<Verdict> {
  const { services } = door;
  const { resolveKey } = asked;
  const now = ctx.clock.now();
  const verified = await verifyInspected(asked.inspected, { resolveKey, now });
  if (!verified.ok) {
    if (isFarewell(asked, verified)) return farewell(door, ctx, asked);
    return refused(verified.status, verified.code);
  }
  if (!door.rate.take(shareOf(ctx, verified.keyId), now.getTime())) return tooMany;
  if (verified.owner !== asked.head.actor) return takeForwarded(door, ctx, asked, verified);
  await noteSender(door, ctx, verified.owner);
  rememberProven(services, verified.owner, verified.actor);
  return kept(door, ctx, asked, signed);
}

/**
 * What somebody sends on of somebody else's: taken as theirs when it carries their own proof, whoever
 * sends it; read again at its own address when it carries none and a linked instance sends it, which
 * may forward what others said (ActivityPub, 7.1.2); refused when the proof is not theirs.
 */
async function takeForwarded(
  door: Door,
  ctx: Ctx,
  asked: Asked,
  { owner: forwarder, actor }: VerifiedRequest,
): Promise<Verdict> {
  const { resolveKey } = asked;
  const now = ctx.clock.now();
  const attested = await attestationOf({ resolveKey, now }, asked.head, asked.rawBody);
  if (attested.kind === "false") return refused(401, "the proof is not the actor's");
  const isVouched = await speaksForLinked(ctx, { uri: forwarder, type: actor["type"] });
  const isProven = attested.kind !== "unproven";
  if (!isProven && !isVouched) return refused(401, "the signature is not the actor's");
  await noteSender(door, ctx, forwarder);
  if (!isProven) return kept(door, ctx, asked, { trust: "forwarded", isVouched, forwarder });
  rememberProven(door.services, asked.head.actor, attested.actor);
  return kept(door, ctx, asked, { trust: "proven", isVouched });
}

/** Its server was heard from: noted only once nothing can be refused any more. */
function noteSender(door: Door, ctx: Ctx, sender: string): Promise<void> {
  return door.noteReceived(ctx, hostOf(sender) ?? "");
}

/** The same document again is left alone: measuring it costs more than what it saves. */
function rememberProven({ provenActors }: Services, uri: string, actor: JsonObject): void {
  if (provenActors.get(uri) !== actor) provenActors.set(uri, actor);
}

function shareOf(ctx: Ctx, keyId: string): string {
  return `${ctx.instance._id} ${registrableDomain(hostOf(keyId) ?? "")}`;
}

/**
 * An actor whose server says 410 may say goodbye without a key; strangers are not even noted. That
 * the key is gone is not enough: it may be that of somebody else who left the same server.
 */
async function farewell(door: Door, ctx: Ctx, asked: Asked): Promise<Verdict> {
  const own = await asked.resolveKey(asked.head.actor);
  if (!("unavailable" in own) || own.unavailable !== "key-gone") return refused(401, "key-gone");
  const known = await ctx.collection(remoteActorsCollection).findOne({ uri: asked.head.actor });
  return known === null ? accepted : kept(door, ctx, asked, signed);
}

async function kept(door: Door, ctx: Ctx, asked: Asked, came: Came): Promise<Verdict> {
  await door.keep(ctx, asked, came);
  return accepted;
}

const signed: Came = { trust: "signed", isVouched: false };

interface Asked {
  readonly inspected: InspectedSignature;
  readonly head: ActivityHead;
  readonly rawBody: Buffer;
  /** The id of the POST. */
  readonly request: string;
  /** Counts what is looked for as the sender's. */
  readonly resolveKey: ResolveKey;
}

function headOf(ctx: Ctx, rawBody: Buffer): ActivityHead | null {
  try {
    return activityHead(ctx.instance, guard(rawBody).body);
  } catch (error) {
    if (error instanceof HostileDocument) return null;
    throw error;
  }
}

function isFarewell({ head, inspected }: Asked, refusal: SignatureRefusal): boolean {
  return (
    refusal.code === "key-gone" &&
    head.type === "Delete" &&
    head.object === head.actor &&
    sameOrigin(inspected.keyId, head.actor)
  );
}
