import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { createIds, systemClock, type Clock } from "./clock.js";
import { giveName, makeFolder, writeNew } from "./disk.js";
import { MailError } from "./mail/error.js";
import { isForGood } from "./mail/failure.js";
import { composeMail, parseSender, type MailMessage } from "./mail/message.js";

export { MailError } from "./mail/error.js";
export { readMailAddress, type MailAddress, type MailMessage } from "./mail/message.js";

/** Sends mails. */
export interface Mailer {
  /**
   * Hand a mail over; resolves with its Message-ID once the next server (or the file) has it.
   * @throws MailError `permanent` for a malformed mail or a recipient refused for good.
   */
  send(mail: MailMessage): Promise<{ id: string }>;
  /** @throws MailError when mails cannot be sent at present. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Where mails go out, and who they are from: an address or `Name <address>`. */
export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password when the server asks for them. */
  readonly url: string;
  readonly from: string;
}

function asMailError(cause: unknown): MailError {
  const permanent = isForGood(cause);
  const why = permanent ? "the mail server refuses it" : "the mail server cannot take it now";
  return new MailError(`Mail not sent: ${why}`, { permanent, cause });
}

/** Connections to the mail server in one process: as many mails are under way at once. */
export const smtpConnections = 5;

/**
 * Sends through an SMTP server, over a few kept connections. The server's certificate is
 * checked whenever it offers TLS. No file or address is ever fetched into a mail.
 */
export function createSmtpMailer({ url, from }: SmtpOptions): Mailer {
  const sender = parseSender(from);
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: smtpConnections,
    maxRequeues: 1,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    idleTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      const composed = composeMail(mail, sender);
      try {
        await transport.sendMail(composed);
      } catch (error) {
        throw asMailError(error);
      }
      return { id: composed.messageId };
    },
    async check() {
      try {
        await transport.verify();
      } catch (error) {
        throw asMailError(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** Where mails are kept when there is no mail server. */
export interface FileMailerOptions {
  readonly directory: string;
  readonly from: string;
  /** Told once for each mail: the file's name, never what is in it. */
  readonly log: { info(fields: object, message: string): void };
  readonly clock?: Clock;
}

async function writeWhole(directory: string, name: string, content: Buffer): Promise<void> {
  const unfinished = join(directory, `.${name}.part`);
  try {
    await writeNew(unfinished, content);
    await giveName(unfinished, join(directory, name));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Keeps mails as `.eml` files (RFC 5322, readable by their owner alone) whose names sort by time, for
 * an instance without a mail server: an administrator opens them with any mail program.
 */
export function createFileMailer(options: FileMailerOptions): Mailer {
  const { directory, log, clock = systemClock } = options;
  const sender = parseSender(options.from);
  const ids = createIds(clock);
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: "windows",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const ready = (): Promise<void> => makeFolder(directory);
  return {
    async send(mail) {
      const composed = composeMail(mail, sender);
      const { message } = await transport.sendMail({ ...composed, date: clock.now() });
      const stamp = clock.now().toISOString().replaceAll(":", "-").slice(0, 19);
      const file = `${stamp}-${ids.next()}.eml`;
      await ready();
      await writeWhole(directory, file, Buffer.from(message as Buffer));
      log.info({ file }, "no mail server is configured: mail kept in a file");
      return { id: composed.messageId };
    },
    check: ready,
    async close() {
      transport.close();
    },
  };
}
