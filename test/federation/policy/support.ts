import { changeSettings } from "../../../src/federation/policy/rules.js";
import type { NetworkSettings } from "../../../src/federation/policy/records.js";
import { signCavage } from "../../../src/federation/signatures/cavage.js";
import { signRfc9421 } from "../../../src/federation/signatures/rfc9421.js";
import type { PeerActor } from "../support/peer.js";
import type { Town } from "../support/town.js";

/** Change with whom a town talks. */
export function setMode(
  town: Town,
  mode: NetworkSettings["mode"],
  signedReads = false,
): Promise<void> {
  return changeSettings(town.federation.rules, town.visitor, { mode, signedReads });
}

/** Ask a town for a document, signed as somebody by one of the two standards, or unsigned. */
export function ask(
  town: Town,
  path: string,
  actor: PeerActor | null = null,
  scheme: "cavage" | "rfc9421" = "cavage",
): Promise<Response> {
  const url = town.origin + path;
  const accept = { accept: "application/activity+json" };
  if (actor === null) return fetch(url, { headers: accept, redirect: "manual" });
  const sign = scheme === "cavage" ? signCavage : signRfc9421;
  const signed = sign({ method: "GET", url, date: town.clock.now() }, actor);
  return fetch(url, { headers: { ...accept, ...signed }, redirect: "manual" });
}
