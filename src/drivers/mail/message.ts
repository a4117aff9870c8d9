import { randomUUID } from "node:crypto";
import { domainToASCII } from "node:url";
import { MailError } from "./error.js";
import { readUrl } from "../web-address.js";

/** A mailbox and the name shown with it ("" for none). */
export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

/** One mail to one person. */
export interface MailMessage {
  /** A bare address: `someone@town.example`. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Name shown as the sender: the instance's. The address is the deployment's. */
  readonly fromName?: string;
  readonly replyTo?: string;
  /** Where one POST or visit ends such mails; becomes the List-Unsubscribe headers. */
  readonly unsubscribeUrl?: string;
  /** `name@host`, without brackets: the same one each time a job sends the same mail. */
  readonly messageId?: string;
  /** The instance's host, for the Message-ID when none is given. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_SUBJECT = 300;
const MAX_BODY = 2_000_000;
const CONTROL = /\p{Cc}/u;
const LOCAL_PART = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/iu;
const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/u;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,75}$/u;

/** Headers that the mailer writes itself; a caller cannot replace them. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "auto-submitted",
  "bcc",
  "cc",
  "content-transfer-encoding",
  "content-type",
  "date",
  "dkim-signature",
  "from",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "message-id",
  "mime-version",
  "reply-to",
  "return-path",
  "sender",
  "subject",
  "to",
]);

/** What nodemailer is given: every field checked, addresses as objects so that none is parsed again. */
export interface ComposedMail {
  readonly from: MailAddress;
  readonly to: MailAddress;
  readonly replyTo?: MailAddress;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly messageId: string;
  readonly headers: Record<string, string | { prepared: boolean; value: string }>;
}

function refuse(what: string): never {
  throw new MailError(`This mail cannot be sent: ${what}`, { permanent: true });
}

/**
 * The address as mail servers take it (the domain lower-cased, accents in it as Punycode), or `null`
 * when it is none: one mailbox without name, comment or quotes, RFC 5321's lengths.
 */
export function readMailAddress(text: string): string | null {
  const at = text.lastIndexOf("@");
  if (at < 1 || text.length > 254 || CONTROL.test(text)) return null;
  const local = text.slice(0, at);
  const domain = domainToASCII(text.slice(at + 1));
  return LOCAL_PART.test(local) && DOMAIN.test(domain) ? `${local}@${domain}` : null;
}

/** `Parvis <no-reply@town.example>` or a bare address; throws a `MailError` when it is neither. */
export function parseSender(from: string): MailAddress {
  const start = from.endsWith(">") ? from.lastIndexOf("<") : -1;
  const address = readMailAddress(start < 0 ? from.trim() : from.slice(start + 1, -1));
  if (address === null) refuse("its sender is no mail address");
  return { name: start < 0 ? "" : lineOf(from.slice(0, start).trim(), "sender"), address };
}

function lineOf(text: string, what: string): string {
  if (CONTROL.test(text)) refuse(`its ${what} holds a line break or another control character`);
  if (text.length > MAX_SUBJECT) refuse(`its ${what} is too long`);
  return text;
}

function addressOf(text: string, what: string): MailAddress {
  const address = readMailAddress(text);
  if (address === null) refuse(`its ${what} is no mail address`);
  return { name: "", address };
}

/** The Message-ID: the one given, so that a job that runs twice sends one, or a new one. */
function messageIdOf(mail: MailMessage, from: MailAddress): string {
  const host = from.address.slice(from.address.lastIndexOf("@") + 1);
  const id = mail.messageId ?? `${randomUUID()}@${mail.host ?? host}`;
  if (readMessageId(id) === null) refuse("its Message-ID is malformed");
  return `<${id}>`;
}

function readMessageId(id: string): string | null {
  const at = id.lastIndexOf("@");
  if (at < 1 || id.length > 250) return null;
  const left = id.slice(0, at);
  return /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+$/iu.test(left) && DOMAIN.test(id.slice(at + 1))
    ? id
    : null;
}

/** RFC 3834 marks it as sent by a machine; RFC 2369 and 8058 let a mail program unsubscribe at once. */
function headersOf(mail: MailMessage): ComposedMail["headers"] {
  const headers: ComposedMail["headers"] = { "Auto-Submitted": "auto-generated" };
  for (const [name, value] of Object.entries(mail.headers ?? {})) {
    if (!HEADER_NAME.test(name) || OWN_HEADERS.has(name.toLowerCase())) {
      refuse(`the header "${name.slice(0, 80)}" is not one to set`);
    }
    if (CONTROL.test(value) || value.length > 900) refuse(`the header ${name} is malformed`);
    headers[name] = value;
  }
  if (mail.unsubscribeUrl === undefined) return headers;
  if (
    readUrl(mail.unsubscribeUrl) === null ||
    !/^https?:\/\/[^\s<>,]+$/u.test(mail.unsubscribeUrl)
  ) {
    refuse("its unsubscribe link is no web address");
  }
  headers["List-Unsubscribe"] = { prepared: true, value: `<${mail.unsubscribeUrl}>` };
  headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
  return headers;
}

/**
 * Check a mail and give it the shape nodemailer takes. Throws a permanent `MailError` when a subject,
 * name, address or header could add a header, or is no such thing.
 */
export function composeMail(mail: MailMessage, sender: MailAddress): ComposedMail {
  if (mail.text.length + (mail.html?.length ?? 0) > MAX_BODY) refuse("it is too long");
  const name = mail.fromName === undefined ? sender.name : lineOf(mail.fromName, "sender");
  return {
    from: { name, address: sender.address },
    to: addressOf(mail.to, "recipient"),
    ...(mail.replyTo === undefined ? {} : { replyTo: addressOf(mail.replyTo, "reply address") }),
    subject: lineOf(mail.subject, "subject"),
    text: mail.text,
    ...(mail.html === undefined ? {} : { html: mail.html }),
    messageId: messageIdOf(mail, sender),
    headers: headersOf(mail),
  };
}
