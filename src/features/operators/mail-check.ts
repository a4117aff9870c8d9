import { z } from "zod";
import type { Mailer } from "../../drivers/mail.js";
import { mailFailure } from "../../drivers/mail/failure.js";
import {
  examineSender,
  isPublicDomain,
  type SenderFindings,
} from "../../drivers/mail/sender-domain.js";
import type { TextRecords } from "../../drivers/mail/text-records.js";
import type { Clock } from "../../drivers/clock.js";
import type { Store } from "../../drivers/store/collection.js";
import { defineJob, type Ctx, type JobDef } from "../../kit/index.js";

/** What the last look at the way of mails has shown. */
export interface MailCheck {
  readonly _id: "last";
  readonly at: Date;
  /** Whether the mail server takes mails; of one that does not, the code of why. */
  readonly takes: boolean;
  readonly code: string | null;
  readonly domain: string;
  /** Null where the domain cannot be looked up by anybody. */
  readonly sender: SenderFindings | null;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly mailer: Pick<Mailer, "check">;
  readonly records: TextRecords;
  /** The domain of the address that mails are from. */
  readonly domain: string;
}

/** Looks at the way of mails when an operator asks, and keeps what it saw. */
export interface MailChecking {
  readonly job: JobDef<Record<string, never>>;
  /** Have it looked at; asked twice meanwhile, it is looked at once. */
  ask(ctx: Ctx): Promise<void>;
  /** What was seen last, and whether it is being looked at now. */
  last(ctx: Ctx): Promise<{ readonly check: MailCheck | null; readonly isUnderWay: boolean }>;
}

const jobId = "operators/mail-check";

/** The process that sends mails looks, not the one that serves the page: it may stand elsewhere. */
export function createMailChecking(parts: Parts): MailChecking {
  const { store, clock, mailer, records, domain } = parts;
  const checks = store.collection<MailCheck>("mail_checks");
  const job = defineJob({
    name: "operators.mail-check",
    payload: z.object({}),
    attempts: 2,
    async run() {
      const [server, sender] = await Promise.all([
        serverState(mailer),
        isPublicDomain(domain) ? examineSender(records, domain) : null,
      ]);
      const seen = { at: clock.now(), ...server, domain, sender };
      await checks.updateOne({ _id: "last" }, { $set: seen }, { upsert: true });
    },
  });
  return {
    job: job as MailChecking["job"],
    ask: (ctx) => ctx.enqueue(job, {}, { id: jobId }),
    async last(ctx) {
      const [check, waiting] = await Promise.all([
        checks.findOne({ _id: "last" }),
        ctx.peek(job, [jobId]).catch(() => []),
      ]);
      return { check, isUnderWay: waiting.length > 0 };
    },
  };
}

async function serverState(mailer: Parts["mailer"]): Promise<Pick<MailCheck, "takes" | "code">> {
  try {
    await mailer.check();
    return { takes: true, code: null };
  } catch (error) {
    const { code, status } = mailFailure(error);
    return { takes: false, code: code ?? (status === null ? null : String(status)) };
  }
}
