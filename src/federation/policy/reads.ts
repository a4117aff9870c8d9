import type { Request } from "express";
import { registrableDomain } from "../../drivers/registrable-domain.js";
import type { Ctx } from "../../kit/index.js";
import type { LocalActor } from "../addresses.js";
import { createRateLimit } from "../inbox/gates.js";
import type { Services } from "../services.js";
import { headerValue } from "../signatures/request.js";
import { inspectRequest, verifyInspected } from "../signatures/verify.js";
import type { As2 } from "../vocabulary.js";
import { mayTalk } from "./policy.js";
import { lookingFor, signedRequest } from "./signed-request.js";

/** What somebody who asks for a document is given. `bare`: of an actor, what proves its signatures. */
export type Reading =
  | { readonly kind: "whole" | "bare"; readonly isPrivate: boolean }
  | {
      readonly kind: "refused";
      readonly isPrivate: boolean;
      readonly status: number;
      readonly error: string;
    };

/** Decides on a GET of a document, of an actor when one is named. */
export type Admit = (ctx: Ctx, req: Request, actor: LocalActor | null) => Promise<Reading>;

/**
 * Who may read documents. An instance that is closed gives none: 403, since 404 or 410 would have
 * others delete what they hold. Where reads are signed, they pass the same checks as what comes to
 * an inbox; the instance actor is read unsigned all the same, and of other actors the key, so that
 * two such instances can begin to talk. Who is blocked and says so is refused anywhere.
 */
export function createAdmit(services: Services): Admit {
  const { policy, timing } = services;
  const rate = createRateLimit(timing.inboxPerMinute);
  return async (ctx, req, actor) => {
    const { mode, signedReads } = await policy.settings(ctx);
    const isPrivate = signedReads || mode !== "open";
    const refused = (status: number, error: string): Reading => {
      return { kind: "refused", isPrivate: true, status, error };
    };
    if (mode === "closed") return refused(403, "closed");
    const isInstance = actor?.kind === "instance";
    const inspected = inspectClaim(ctx, req);
    if (inspected?.ok === true) {
      const standing = await policy.standing(ctx, [inspected.keyId]);
      const isStranger = standing === "not-listed" && isInstance;
      if (!mayTalk(standing) && !isStranger) return refused(403, standing);
    }
    if (!isPrivate || isInstance) return { kind: "whole", isPrivate };
    if (inspected === null) {
      return actor === null ? refused(401, "no-signature") : { kind: "bare", isPrivate };
    }
    if (!inspected.ok) return refused(inspected.status, inspected.code);
    const now = ctx.clock.now();
    const who = `${ctx.instance._id} ${registrableDomain(new URL(inspected.keyId).host)}`;
    if (rate.isSpent(who, now.getTime())) return refused(429, "too many requests");
    const resolveKey = lookingFor(req, services.reachOf(ctx.instance).resolveKey);
    const verified = await verifyInspected(inspected, { resolveKey, now });
    if (!verified.ok) return refused(verified.status, verified.code);
    if (!rate.take(who, now.getTime())) return refused(429, "too many requests");
    const standing = await policy.standing(ctx, [verified.owner]);
    return mayTalk(standing) ? { kind: "whole", isPrivate } : refused(403, standing);
  };
}

/** What the request says of its sender, with every check that needs no key; null when it says nothing. */
function inspectClaim(ctx: Ctx, req: Request) {
  const request = signedRequest(ctx, req, Buffer.alloc(0));
  if (headerValue(request, "signature") === null) return null;
  return inspectRequest(request, ctx.clock.now());
}

/** What is needed of an actor to check its signatures and to answer it, and no more. */
const bareTerms: ReadonlySet<string> = new Set([
  ...["id", "type", "preferredUsername", "inbox", "endpoints", "publicKey", "assertionMethod"],
]);

/** An actor's document as strangers get it: with its keys, without its face. */
export function bareActor(document: As2): As2 {
  return Object.fromEntries(
    Object.entries(document).filter(([term]) => bareTerms.has(term)),
  ) as As2;
}
