import {
  examineSender,
  isPublicDomain,
  senderLevel,
  type DmarcState,
  type SpfState,
} from "../drivers/mail/sender-domain.js";
import type { TextRecords } from "../drivers/mail/text-records.js";
import { finding, type Finding } from "./doctor-checks.js";

const spf: Readonly<Record<SpfState, readonly [text: string, remedy: string | null]>> = {
  good: ["says which servers send for it; DKIM cannot be checked from here", null],
  missing: ["does not say which servers send for it", "publish an SPF record (RFC 7208)"],
  several: ["has several SPF records, which is an error to everybody", "keep one of them"],
  anybody: ["lets everybody send for it", "end its SPF record with ~all or -all"],
  nobody: ["lets nobody send for it", "name the sending server in its SPF record"],
  "no-answer": ["could not be looked up: the DNS does not answer", "try again later"],
};

const dmarc: Readonly<Record<DmarcState, readonly [text: string, remedy: string | null]>> = {
  good: ["says what to do with mails that pretend to be its own", null],
  watching: ["only watches (p=none)", "set p=quarantine once all mails arrive"],
  missing: ["has no valid DMARC record", "publish one (RFC 7489): large services ask for it"],
  broken: ["has a DMARC record without a known rule", "give it p=none, quarantine or reject"],
  "no-answer": ["could not be looked up: the DNS does not answer", "try again later"],
};

/** What the domain of our mails publishes about them; nothing for one that nobody can look up. */
export async function checkSender(records: TextRecords, domain: string): Promise<Finding[]> {
  if (!isPublicDomain(domain)) return [];
  const found = await examineSender(records, domain);
  const line = (
    name: string,
    state: SpfState | DmarcState,
    [text, remedy]: readonly [string, string | null],
  ): Finding => finding(name, senderLevel(state), `${domain} ${text}`, remedy);
  return [line("SPF", found.spf, spf[found.spf]), line("DMARC", found.dmarc, dmarc[found.dmarc])];
}
