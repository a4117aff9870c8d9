import { MailError } from "./error.js";

/** Why a mail was not sent, in codes alone: what mail servers write may quote an address. */
export interface MailFailure {
  /** Whether trying again is of no use. */
  readonly permanent: boolean;
  /** What happened to the connection, such as `ECONNREFUSED`; null when the server answered. */
  readonly code: string | null;
  /** The server's reply (RFC 5321, section 4.2); null without one. */
  readonly status: number | null;
  /** Its enhanced status code (RFC 3463), such as `5.1.1`; null without one. */
  readonly enhanced: string | null;
}

const codePattern = /^[A-Z][A-Z0-9_]{1,40}$/;
const enhancedPattern = /^[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})\b/;

/** What of an error of `Mailer.send` may be kept and shown. */
export function mailFailure(error: unknown): MailFailure {
  const permanent = error instanceof MailError && error.permanent;
  const cause: unknown = error instanceof MailError ? error.cause : error;
  const { code, responseCode, response } = (cause ?? {}) as Readonly<Record<string, unknown>>;
  const isReply = typeof responseCode === "number" && responseCode >= 200 && responseCode < 600;
  const said = typeof response === "string" ? enhancedPattern.exec(response) : null;
  const known = typeof code === "string" && codePattern.test(code);
  return {
    permanent,
    code: known ? code : null,
    status: isReply ? responseCode : null,
    enhanced: said?.[1] ?? null,
  };
}

/** What kind of trouble that is; there are words for each. */
export type MailTroubleKind =
  | "malformed"
  | "unreachable"
  | "sign-in"
  | "address"
  | "mailbox"
  | "system"
  | "content"
  | "policy"
  | "other";

const unreachable: ReadonlySet<string> = new Set([
  ...["ECONNECTION", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ESOCKET", "EDNS", "ETLS"],
  ...["ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EPROTOCOL"],
]);

/** The subject of an enhanced status code (RFC 3463, section 2). */
const subjects: Readonly<Partial<Record<string, MailTroubleKind>>> = {
  "1": "address",
  "2": "mailbox",
  "3": "system",
  "4": "system",
  "5": "system",
  "6": "content",
  "7": "policy",
};

/** Tells the kinds apart by what the server said, or by what the connection came to. */
export function troubleKind(failure: MailFailure): MailTroubleKind {
  const { permanent, code, status, enhanced } = failure;
  const subject = enhanced?.split(".")[1];
  if (code === "EAUTH" || status === 530 || status === 535) return "sign-in";
  if (subject !== undefined) return subjects[subject] ?? "other";
  if (status !== null) return "other";
  if (code !== null) return unreachable.has(code) ? "unreachable" : "other";
  return permanent ? "malformed" : "other";
}

/** A sender's address that is malformed or of no known system (RFC 3463, section 3.2). */
const aboutSender: ReadonlySet<string | null> = new Set(["5.1.7", "5.1.8"]);

/**
 * Whether a mail server's reply, as nodemailer's error tells it, says "never" about this mail. One about our own
 * account or sender may pass: that server takes no mail at all, until somebody has set it right. Postfix gives
 * it in reply to `RCPT TO` (`smtpd_delay_reject`), so that the codes tell more than the command.
 */
export function isForGood(error: unknown): boolean {
  const failure = mailFailure(error);
  const { code, status, enhanced } = failure;
  const { command } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const kind = troubleKind(failure);
  const isOfUs = kind === "sign-in" || kind === "policy" || aboutSender.has(enhanced);
  const refusesMail = code === "EENVELOPE" || code === "EMESSAGE";
  return refusesMail && !isOfUs && command !== "MAIL FROM" && status !== null && status >= 500;
}
