import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect } from "chai";
import { signBytes } from "../../../src/federation/signatures/algorithms.js";
import { signCavage, type Signer } from "../../../src/federation/signatures/cavage.js";
import { digestHeader } from "../../../src/federation/signatures/digest.js";
import type {
  SignatureRefusal,
  SignedRequest,
} from "../../../src/federation/signatures/request.js";
import { signRfc9421 } from "../../../src/federation/signatures/rfc9421.js";
import {
  inspectRequest,
  verifyInspected,
  type NoKey,
  type VerifiedKey,
  type VerifiedRequest,
  type VerifyOptions,
} from "../../../src/federation/signatures/verify.js";

export const now = new Date("2026-11-23T10:00:00Z");
export const inbox = "https://ville.example/actors/city/inbox";
export const carol = "https://peer.example/users/carol";
export const carolKeyId = `${carol}#main-key`;

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ed25519 = generateKeyPairSync("ed25519");
const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const carolKeys = { rsa, ed25519, foreign };
export const carolSigner: Signer = { keyId: carolKeyId, privateKey: rsa.privateKey };

const body = Buffer.from(
  JSON.stringify({
    id: `${carol}/1`,
    type: "Like",
    actor: carol,
    object: "https://ville.example/p/1",
  }),
);

/** A POST to the city's inbox, not signed yet. */
export function aDelivery(changes: Partial<SignedRequest> = {}): SignedRequest {
  return {
    method: "POST",
    url: inbox,
    host: "ville.example",
    headers: {},
    rawBody: body,
    ...changes,
  };
}

/** The same request with more headers. */
export function withHeaders(
  request: SignedRequest,
  headers: Record<string, string | undefined>,
): SignedRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

type Scheme = "cavage" | "rfc9421";

/** A delivery signed by carol the way our own senders sign. */
export function signed(
  scheme: Scheme,
  request: SignedRequest = aDelivery(),
  signer: Signer = carolSigner,
  date: Date = now,
): SignedRequest {
  const sign = scheme === "cavage" ? signCavage : signRfc9421;
  const hasBody = request.rawBody.length > 0;
  const toSign = { method: request.method, url: request.url, date };
  return withHeaders(
    request,
    sign(hasBody ? { ...toSign, body: request.rawBody } : toSign, signer),
  );
}

/** What a draft-cavage signature of the corpus is made of; all of it can be wrong. */
export interface CavageRecipe {
  covered?: readonly string[];
  algorithm?: string | null;
  keyId?: string;
  key?: KeyObject;
  created?: number | null;
  values?: Record<string, string>;
  separator?: string;
  extra?: string;
}

/** A delivery signed by hand over the named headers, so that one thing can be wrong at a time. */
export function handSigned(recipe: CavageRecipe = {}, request = aDelivery()): SignedRequest {
  const covered = recipe.covered ?? ["(request-target)", "host", "date", "digest"];
  const path = new URL(request.url).pathname + new URL(request.url).search;
  const values: Record<string, string> = {
    "(request-target)": `post ${path}`,
    "(created)": String(recipe.created),
    host: request.host,
    date: now.toUTCString(),
    digest: digestHeader(request.rawBody),
    ...recipe.values,
  };
  const base = covered.map((name) => `${name}: ${values[name]}`).join("\n");
  const { algorithm = "rsa-sha256", created = null } = recipe;
  const parameters = [
    `keyId="${recipe.keyId ?? carolKeyId}"`,
    ...(algorithm === null ? [] : [`algorithm="${algorithm}"`]),
    ...(created === null ? [] : [`created=${created}`]),
    `headers="${covered.join(" ")}"`,
    `signature="${signBytes(base, recipe.key ?? rsa.privateKey).toString("base64")}"`,
    ...(recipe.extra === undefined ? [] : [recipe.extra]),
  ];
  return withHeaders(request, {
    date: values["date"],
    digest: values["digest"],
    signature: parameters.join(recipe.separator ?? ","),
  });
}

/** What became of a request, and how many keys were asked for. */
export interface Outcome {
  readonly verdict: VerifiedRequest | SignatureRefusal;
  readonly lookups: number;
}

/** The key that carol's actor lists. */
export function carolsKey(key: KeyObject = rsa.publicKey): VerifiedKey {
  return { keyId: carolKeyId, owner: carol, key, actor: { id: carol } };
}

/** Verify as the doors do: first what needs no key, then the signature. */
export async function verified(
  request: SignedRequest,
  options: VerifyOptions,
): Promise<VerifiedRequest | SignatureRefusal> {
  const inspected = inspectRequest(request, options.now);
  return inspected.ok ? verifyInspected(inspected, options) : inspected;
}

/** Verify against one known key, counting look-ups. */
export async function judge(
  request: SignedRequest,
  found: VerifiedKey | NoKey = carolsKey(),
): Promise<Outcome> {
  let lookups = 0;
  const verdict = await verified(request, {
    now,
    resolveKey: async () => {
      lookups += 1;
      return found;
    },
  });
  return { verdict, lookups };
}

/** Expect a refusal that cost no look-up. */
export async function expectRefusedUnseen(request: SignedRequest, code: string): Promise<void> {
  const { verdict, lookups } = await judge(request);
  expect(verdict).to.include({ ok: false, status: 401, code });
  expect(lookups).to.equal(0);
}
