import { domainToASCII } from "node:url";
import type { Logger } from "pino";
import { utcDayOf, type Clock } from "../drivers/clock.js";
import type { Mailer } from "../drivers/mail.js";
import { mailFailure, type MailFailure } from "../drivers/mail/failure.js";
import type { Store } from "../drivers/store/collection.js";
import type { DeploymentCollection } from "./collections.js";

/** What became of the mails of one day (UTC), of all instances. A mail that is tried again counts each time. */
export interface MailDay {
  /** `2026-11-28`. */
  readonly _id: string;
  readonly day: Date;
  readonly sent?: number;
  /** Not taken now; tried again. */
  readonly deferred?: number;
  /** Refused for good. */
  readonly failed?: number;
}

/** The last mail to a domain that was not taken. Nobody's address is kept. */
export interface MailTrouble extends MailFailure {
  /** The receiving domain. */
  readonly _id: string;
  readonly at: Date;
  /** Times that it did not take one, since the first that is remembered: a mail that is tried again counts each time. */
  readonly tries: number;
}

const day = 24 * 3_600;
const daysName = "mail_days";
const troublesName = "mail_troubles";

/** The collections of the ledger and their indexes; a month is remembered. */
export const ledgerCollections: readonly DeploymentCollection[] = [
  {
    name: daysName,
    indexes: [{ keys: { day: -1 } }, { keys: { day: 1 }, expireAfterSeconds: 40 * day }],
  },
  {
    name: troublesName,
    indexes: [{ keys: { at: -1, _id: 1 } }, { keys: { at: 1 }, expireAfterSeconds: 30 * day }],
  },
];

interface LedgerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What became of the deployment's mails. */
export interface MailLedger {
  /** The same mailer, with each mail counted by what became of it. */
  counted(mailer: Mailer): Mailer;
  /** The days since a moment on which there were mails, the newest first; at most 40. */
  days(since: Date): Promise<readonly MailDay[]>;
  /** The domains that did not take a mail lately, the newest first. */
  troubles(limit: number): Promise<readonly MailTrouble[]>;
}

/** Open the ledger on the store of the deployment. */
export function createMailLedger({ store, clock, log }: LedgerParts): MailLedger {
  const days = store.collection<MailDay>(daysName);
  const troubles = store.collection<MailTrouble>(troublesName);

  async function count(what: "sent" | "deferred" | "failed"): Promise<void> {
    const _id = utcDayOf(clock.now());
    const change = { $inc: { [what]: 1 }, $setOnInsert: { day: new Date(`${_id}T00:00:00Z`) } };
    await days.updateOne({ _id }, change as object, { upsert: true });
  }

  async function blame(to: string, failure: MailFailure): Promise<void> {
    await count(failure.permanent ? "failed" : "deferred");
    const _id = domainOf(to);
    if (_id === null) return;
    const change = { $set: { ...failure, at: clock.now() }, $inc: { tries: 1 } };
    await troubles.updateOne({ _id }, change as object, { upsert: true });
  }

  /** A mail that left must not be sent again because it could not be counted. */
  async function noted(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => log.warn({ err: error }, "a mail was not counted"));
  }

  return {
    counted: (mailer) => ({
      async send(mail) {
        try {
          const sent = await mailer.send(mail);
          await noted(count("sent"));
          return sent;
        } catch (error) {
          await noted(blame(mail.to, mailFailure(error)));
          throw error;
        }
      },
      check: () => mailer.check(),
      close: () => mailer.close(),
    }),
    days: (since) =>
      days.find({ day: { $gte: since } }, { sort: { day: -1 }, limit: 40 }).toArray(),
    troubles: (limit) => troubles.find({}, { sort: { at: -1, _id: 1 }, limit }).toArray(),
  };
}

function domainOf(address: string): string | null {
  const domain = domainToASCII(address.slice(address.lastIndexOf("@") + 1).trim());
  return /^[a-z0-9.-]{1,253}$/.test(domain) ? domain : null;
}
