import { isIP } from "node:net";
import { registrableDomain } from "../registrable-domain.js";
import type { TextRecords } from "./text-records.js";

/** What a domain's SPF record comes to (RFC 7208). */
export type SpfState = "good" | "missing" | "several" | "anybody" | "nobody" | "no-answer";

/** What a domain's DMARC record comes to (RFC 7489). */
export type DmarcState = "good" | "watching" | "missing" | "broken" | "no-answer";

/**
 * What the domain of our mails says about them. Whether the server that sends them is among those that
 * SPF lets send, only its owner knows; DKIM cannot be looked up without the selector that signs.
 */
export interface SenderFindings {
  readonly spf: SpfState;
  readonly dmarc: DmarcState;
}

/** Domains that nobody can look up (RFC 6761, RFC 6762, RFC 9476). */
const notPublic = /(?:^|\.)(?:localhost|local|test|example|invalid|internal|alt|onion)$/i;

/** Whether other mail servers can look that domain up at all. */
export function isPublicDomain(domain: string): boolean {
  return domain.includes(".") && isIP(domain) === 0 && !notPublic.test(domain);
}

/** Look at what `domain` publishes: two or three look-ups. Never throws. */
export async function examineSender(records: TextRecords, domain: string): Promise<SenderFindings> {
  const [spf, dmarc] = await Promise.all([
    spfOf(records, domain).catch(() => "no-answer" as const),
    dmarcOf(records, domain).catch(() => "no-answer" as const),
  ]);
  return { spf, dmarc };
}

async function spfOf(records: TextRecords, domain: string): Promise<SpfState> {
  const found = (await records.of(domain)).filter((text) => /^v=spf1(?: |$)/i.test(text));
  const [only, second] = found;
  if (only === undefined) return "missing";
  // Two of them are an error for every receiver (RFC 7208, section 4.5).
  if (second !== undefined) return "several";
  const terms = only.toLowerCase().split(/ +/).slice(1).filter(Boolean);
  if (terms.some((term) => term === "all" || term === "+all")) return "anybody";
  return terms.length === 1 && terms[0] === "-all" ? "nobody" : "good";
}

async function dmarcOf(records: TextRecords, domain: string): Promise<DmarcState> {
  const own = await policiesAt(records, domain);
  const parent = registrableDomain(domain);
  const isOwn = own.length > 0 || parent === domain;
  const found = isOwn ? own : await policiesAt(records, parent);
  const [only, second] = found;
  // Several are as good as none (RFC 7489, section 6.6.3).
  if (only === undefined || second !== undefined) return "missing";
  const policy = (isOwn ? null : tagOf(only, "sp")) ?? tagOf(only, "p");
  if (policy === "none") return "watching";
  return policy === "quarantine" || policy === "reject" ? "good" : "broken";
}

async function policiesAt(records: TextRecords, domain: string): Promise<string[]> {
  const found = await records.of(`_dmarc.${domain}`);
  return found.filter((text) => /^v *= *DMARC1 *(?:;|$)/.test(text));
}

function tagOf(record: string, tag: string): string | null {
  for (const part of record.slice(0, 2_000).split(";")) {
    const [name = "", value = ""] = part.split("=");
    if (name.trim().toLowerCase() === tag) return value.trim().toLowerCase();
  }
  return null;
}

/** How grave a state is. */
export function senderLevel(state: SpfState | DmarcState): "ok" | "warn" | "fail" {
  if (state === "good") return "ok";
  return state === "several" || state === "anybody" || state === "nobody" ? "fail" : "warn";
}
