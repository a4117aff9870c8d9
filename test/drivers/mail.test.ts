import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SMTPServer } from "smtp-server";
import {
  createFileMailer,
  createSmtpMailer,
  MailError,
  readMailAddress,
  type Mailer,
  type MailMessage,
} from "../../src/drivers/mail.js";
import { mailFailure } from "../../src/drivers/mail/failure.js";

interface Received {
  readonly to: readonly string[];
  readonly source: string;
}

interface PostOffice {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

function replyWith(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** What is answered to the mailbox of each name. */
const said: Readonly<Record<string, readonly [code: number, text: string]>> = {
  nobody: [550, "No such mailbox"],
  unknown: [550, "5.1.1 User unknown in virtual mailbox table"],
  full: [452, "Mailbox full"],
  relayed: [554, "5.7.1 Relay access denied"],
  unsigned: [530, "Authentication required"],
  misaddressed: [553, "5.1.7 Bad sender's mailbox address syntax"],
  homeless: [550, "5.1.8 Sender address rejected: Domain not found"],
};

async function openPostOffice(): Promise<PostOffice> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    onMailFrom({ address }, _session, done) {
      if (address.startsWith("stranger@")) return done(replyWith(550, "Sender not known here"));
      return done();
    },
    onRcptTo({ address }, _session, done) {
      const reply = said[address.split("@")[0] ?? ""];
      return reply === undefined ? done() : done(replyWith(...reply));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map((one) => one.address);
        received.push({ to, source: Buffer.concat(chunks).toString("utf8") });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function headersOf(source: string): Map<string, string> {
  const head = source.slice(0, source.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/gu, " ");
  return new Map(
    head.split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function decodeWords(header: string): string {
  return header
    .replaceAll(/\?=\s+=\?/gu, "?==?")
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/giu, (_all, kind: string, text: string) =>
      kind.toLowerCase() === "b"
        ? Buffer.from(text, "base64").toString("utf8")
        : decodeQuoted(text.replaceAll("_", " ")),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/gu, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

async function failureOf(work: Promise<unknown>): Promise<MailError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(MailError);
  return error as MailError;
}

const mail: MailMessage = {
  to: "ines@home.example",
  subject: "Votre proposition est reçue — merci",
  text: "Bonjour,\n\nL'école a été prévenue.\n",
};

const smuggled: Record<string, Partial<MailMessage>> = {
  "the subject": { subject: "Bonjour\r\nBcc: all@town.example" },
  "the subject, by a bare line feed": { subject: "Bonjour\nBcc: all@town.example" },
  "the sender's name": { fromName: "Ville\r\nBcc: all@town.example" },
  "the recipient": { to: "ines@home.example\r\nBcc: all@town.example" },
  "a second recipient": { to: "ines@home.example, all@town.example" },
  "a recipient with a name": { to: "Ines <ines@home.example>" },
  "a quoted recipient": { to: '"all@town.example x"@home.example' },
  "the reply address": { replyTo: "a@town.example\nBcc: all@town.example" },
  "the Message-ID": { messageId: "a@town.example>\r\nBcc: all@town.example" },
  "a header's value": { headers: { "X-Topic": "a\r\nBcc: all@town.example" } },
  "a header's name": { headers: { "X-Topic: a\r\nBcc": "all@town.example" } },
  "a header that is the mailer's own": { headers: { bcc: "all@town.example" } },
  "the unsubscribe link": { unsubscribeUrl: "https://town.example/>\r\nBcc: all@town.example" },
};

describe("Mail through a mail server", () => {
  let office: PostOffice;
  let mailer: Mailer;

  beforeEach(async () => {
    office = await openPostOffice();
    mailer = createSmtpMailer({ url: office.url, from: "Parvis <no-reply@town.example>" });
  });
  afterEach(async () => {
    await mailer.close();
    await office.close();
  });

  async function sent(message: MailMessage): Promise<Received> {
    await mailer.send(message);
    const [received] = office.received;
    if (received === undefined) throw new Error("nothing arrived");
    return received;
  }

  it("arrives whole, with its accents in subject, sender and text", async () => {
    const { to, source } = await sent({ ...mail, fromName: "Mairie d'Orléans — Écoute" });

    const headers = headersOf(source);
    expect(to).to.deep.equal(["ines@home.example"]);
    expect(decodeWords(headers.get("subject") ?? "")).to.equal(mail.subject);
    expect(decodeWords(headers.get("from") ?? "")).to.include("Mairie d'Orléans — Écoute");
    expect(headers.get("from")).to.include("<no-reply@town.example>");
    expect(decodeQuoted(source)).to.include("L'école a été prévenue.");
  });

  it("has a text for every reader, and HTML beside it when given", async () => {
    const { source } = await sent({ ...mail, html: "<p>L'école a été prévenue.</p>" });

    expect(headersOf(source).get("content-type")).to.include("multipart/alternative");
    expect(source).to.include("text/plain").and.to.include("text/html");
  });

  it("says that a machine sent it, and how to stop such mails", async () => {
    const { source } = await sent({
      ...mail,
      unsubscribeUrl: `https://town.example/unsubscribe/${"a".repeat(120)}?d=1`,
      headers: { "X-Topic": "velo" },
    });

    const headers = headersOf(source);
    expect(headers.get("auto-submitted")).to.equal("auto-generated");
    expect(headers.get("list-unsubscribe")).to.equal(
      `<https://town.example/unsubscribe/${"a".repeat(120)}?d=1>`,
    );
    expect(headers.get("list-unsubscribe-post")).to.equal("List-Unsubscribe=One-Click");
    expect(headers.get("x-topic")).to.equal("velo");
  });

  it("keeps its Message-ID when a job sends it again", async () => {
    const again = { ...mail, messageId: "digest/2026w47/01hx@town.example" };

    const first = await mailer.send(again);
    const second = await mailer.send(again);

    expect(first).to.deep.equal({ id: "<digest/2026w47/01hx@town.example>" });
    expect(second).to.deep.equal(first);
    expect(office.received.map((one) => headersOf(one.source).get("message-id"))).to.deep.equal([
      first.id,
      first.id,
    ]);
  });

  it("is otherwise named after its instance", async () => {
    expect((await mailer.send({ ...mail, host: "velo.example" })).id).to.match(/@velo\.example>$/u);
    expect((await mailer.send(mail)).id).to.match(/@town\.example>$/u);
  });

  it("to a mailbox that does not exist is an error for good", async () => {
    for (const name of ["nobody", "unknown"]) {
      const error = await failureOf(mailer.send({ ...mail, to: `${name}@home.example` }));

      expect(error.permanent, name).to.equal(true);
    }
  });

  it("to a full mailbox may be tried again", async () => {
    const error = await failureOf(mailer.send({ ...mail, to: "full@home.example" }));

    expect(error.permanent).to.equal(false);
  });

  it("may be tried again when the server does not know our sender yet, as after a wrong setting", async () => {
    const stranger = createSmtpMailer({ url: office.url, from: "stranger@town.example" });

    const error = await failureOf(stranger.send(mail));
    await stranger.close();

    expect(error.permanent).to.equal(false);
    expect(mailFailure(error).status).to.equal(550);
  });

  for (const name of ["relayed", "unsigned", "misaddressed", "homeless"]) {
    it(`may be tried again when what the server refuses is us, be it only once it knows the reader: ${said[name]?.join(" ")}`, async () => {
      const error = await failureOf(mailer.send({ ...mail, to: `${name}@home.example` }));

      expect(error.permanent).to.equal(false);
      expect(mailFailure(error).status).to.equal(said[name]?.[0]);
    });
  }

  it("goes on after a refusal", async () => {
    await failureOf(mailer.send({ ...mail, to: "nobody@home.example" }));

    await mailer.send(mail);

    expect(office.received).to.have.length(1);
  });

  it("may be tried again when no server answers", async () => {
    const { url } = office;
    await office.close();
    const lonely = createSmtpMailer({ url, from: "no-reply@town.example" });

    const error = await failureOf(lonely.send(mail));

    expect(error.permanent).to.equal(false);
    await failureOf(lonely.check());
    await lonely.close();
    office = await openPostOffice();
  });

  it("can be checked beforehand", async () => {
    await mailer.check();
  });

  for (const [place, part] of Object.entries(smuggled)) {
    it(`lets nobody add a header or a reader through ${place}`, async () => {
      const error = await failureOf(mailer.send({ ...mail, ...part }));

      expect(error.permanent).to.equal(true);
      expect(office.received).to.deep.equal([]);
    });
  }

  it("is refused when its sender is no address", () => {
    expect(() => createSmtpMailer({ url: office.url, from: "Parvis" })).to.throw(MailError);
    expect(() => createSmtpMailer({ url: office.url, from: "P\nBcc: x <a@b.example>" })).to.throw(
      MailError,
    );
  });
});

describe("Mail without a mail server", () => {
  let root: string;
  let directory: string;
  let mailer: Mailer;
  let logged: Array<readonly [object, string]>;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "mail-"));
    directory = join(root, "mail");
    logged = [];
    mailer = createFileMailer({
      directory,
      from: "Parvis <no-reply@town.example>",
      log: { info: (fields, message) => logged.push([fields, message]) },
      clock: { now: () => new Date("2026-11-23T10:00:00Z") },
    });
  });
  afterEach(() => rm(root, { recursive: true }));

  it("is kept in files that only their owner reads, in the order of sending", async () => {
    for (const subject of ["Un", "Deux", "Trois"]) await mailer.send({ ...mail, subject });

    const files = (await readdir(directory)).toSorted();
    const subjects = await Promise.all(
      files.map(async (file) =>
        headersOf(await readFile(join(directory, file), "utf8")).get("subject"),
      ),
    );
    expect(subjects).to.deep.equal(["Un", "Deux", "Trois"]);
    expect(files.every((file) => /^2026-11-23T10-00-00-[0-9a-z]{26}\.eml$/u.test(file))).to.equal(
      true,
    );
    expect((await stat(join(directory, files[0] ?? ""))).mode & 0o777).to.equal(0o600);
    expect((await stat(directory)).mode & 0o777).to.equal(0o700);
  });

  it("is a mail like any other", async () => {
    const { id } = await mailer.send({ ...mail, messageId: "01hx@town.example" });

    const [file = ""] = await readdir(directory);
    const source = await readFile(join(directory, file), "utf8");
    expect(id).to.equal("<01hx@town.example>");
    expect(headersOf(source).get("message-id")).to.equal(id);
    expect(headersOf(source).get("to")).to.equal("ines@home.example");
    expect(headersOf(source).get("date")).to.include("23 Nov 2026");
    expect(decodeQuoted(source)).to.include("L'école a été prévenue.");
  });

  it("is told once in the log, without a word of what it holds", async () => {
    await mailer.send({ ...mail, text: "https://town.example/sign-in/secret-token" });

    expect(logged).to.have.length(1);
    expect(JSON.stringify(logged)).not.to.match(/secret-token|ines|Votre/u);
  });

  it("is refused as a server would refuse it", async () => {
    for (const part of Object.values(smuggled)) await failureOf(mailer.send({ ...mail, ...part }));

    await mailer.check();
    expect(await readdir(directory)).to.deep.equal([]);
  });
});

describe("A mail address", () => {
  it("is one mailbox, its domain in the form servers take", () => {
    expect(readMailAddress("Ines.B+parvis@Home.Example")).to.equal("Ines.B+parvis@home.example");
    expect(readMailAddress("ines@école.example")).to.equal("ines@xn--cole-9oa.example");
    expect(readMailAddress("parvis@localhost")).to.equal("parvis@localhost");
  });

  it("is refused when it is anything else", () => {
    const others = ["", "ines", "@home.example", "ines@", "a b@home.example", "a@b@c.example"];
    const long = [`${"a".repeat(65)}@home.example`, `a@${"b".repeat(250)}.example`];

    for (const text of [...others, ...long, "a@-b.example", "a@b..example", "é@home.example"]) {
      expect(readMailAddress(text), text).to.equal(null);
    }
  });
});
