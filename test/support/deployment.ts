import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { createApp, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import type { TextRecords } from "../../src/drivers/mail/text-records.js";
import type { Mailer, MailMessage } from "../../src/drivers/mail.js";
import type { Media } from "../../src/drivers/media.js";
import type { Store } from "../../src/drivers/store/collection.js";
import { createAccount } from "../../src/features/accounts/accounts.js";
import type { Ctx, Instance, Language, Role } from "../../src/kit/index.js";
import { aClock, type TestClock } from "./city.js";
import { openEngine } from "./engine.js";
import { formsIn, type FormInPage } from "./forms.js";
import { aMedia } from "./media.js";

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What is sent beside method and path. */
export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Somebody's browser on one host: it keeps cookies and fills in forms; it follows no redirect. */
export interface Browser {
  readonly cookies: Map<string, string>;
  ask(method: string, path: string, asking?: Asking): Promise<Answer>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A form sent without having been loaded: no token but the one in `fields`. */
  post(path: string, fields: Fields, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Load a page, fill in the form that leads to `action` (the page itself unless told), send it. */
  submit(page: string, fields: Fields, action?: string): Promise<Answer>;
  /** The token of the page's form. */
  token(page: string): Promise<string>;
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** A whole deployment behind a real port: many hosts, one store, no network. */
export interface Deployment {
  readonly app: App;
  readonly port: number;
  readonly clock: TestClock;
  readonly mails: MailMessage[];
  city(host: string, change?: Partial<CityWish>): Promise<Instance>;
  /** A use case's surroundings on a host, for nobody or for a member. */
  ctx(host: string, language?: Language): Promise<Ctx>;
  browser(host: string): Browser;
  /** Somebody with an account, signed in through the form. */
  signedIn(host: string, wish?: Partial<MemberWish>): Promise<Browser & { memberId: string }>;
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface CityWish {
  readonly origin: string;
  readonly name: string;
  readonly language: Language;
  readonly aliases: readonly string[];
  readonly setUpTokenHash: string | null;
}

interface MemberWish {
  readonly name: string;
  readonly mail: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

/** What a deployment of a test is made of. */
export interface DeploymentOptions {
  readonly trustProxy?: string;
  /** Where the log is written, from debug on. */
  readonly lines?: string[];
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly mailer?: Mailer;
  readonly records?: TextRecords;
  readonly media?: Media;
  readonly storeThrough?: (store: Store) => Store;
}

/** Start a deployment. Close it in `after`. */
export async function aDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  const dataDir = mkdtempSync(join(tmpdir(), "parvis-http-"));
  const clock = aClock();
  const mails: MailMessage[] = [];
  const app = await createApp(
    loadConfig({
      ...{ DATA_DIR: dataDir, LOG_LEVEL: "silent", TRUST_PROXY: options.trustProxy ?? "" },
      ...options.env,
    }),
    await driversOf(options, clock, mails),
  );
  await app.start();
  const server = createServer(app.web).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const instanceOn = async (host: string): Promise<Instance> => {
    const found = await app.instances.byHost(host);
    if (found === null) throw new Error(`no city at ${host}`);
    return found;
  };
  const ctx = async (host: string, language: Language = "fr"): Promise<Ctx> =>
    app.contexts({ instance: await instanceOn(host), member: null, language });
  return {
    ...{ app, port, clock, mails, ctx },
    city: (host, change = {}) =>
      app.instances.create({
        ...{ origin: `https://${host}`, name: host, language: "fr", kind: "city" },
        ...{ setUpTokenHash: null, ...change },
      }),
    browser: (host) => aBrowser(port, host),
    signedIn: async (host, wish) => signIn(aBrowser(port, host), await ctx(host), wish),
    settle: () => app.drivers.queue.idle(),
    close: () => stop(app, server, dataDir),
  };
}

async function driversOf(options: DeploymentOptions, clock: TestClock, mails: MailMessage[]) {
  const { lines, media = aMedia() } = options;
  const level = lines === undefined ? (process.env["TEST_LOG"] ?? "silent") : "debug";
  const told = (line: string): unknown => lines?.push(line) ?? process.stdout.write(line);
  const log = pino({ level }, { write: (line: string) => void told(line) });
  const engine = await openEngine({ clock, scans: true });
  const store = options.storeThrough?.(engine.store) ?? engine.store;
  const queue = engine.queue(log, store);
  const mailer: Mailer = options.mailer ?? {
    send: async (mail) => ({ id: `<${mails.push(mail)}@test>` }),
    check: async () => undefined,
    close: async () => undefined,
  };
  const records = options.records === undefined ? {} : { records: options.records };
  return { store, queue, mailer, media, clock, log, ...records };
}

async function stop(app: App, server: Server, dataDir: string): Promise<void> {
  server.closeAllConnections();
  server.close();
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function signIn(
  browser: Browser,
  ctx: Ctx,
  wish: Partial<MemberWish> = {},
): Promise<Browser & { memberId: string }> {
  const { name = "Camille", password = "une longue phrase", roles = [] } = wish;
  const mail = wish.mail ?? `${ctx.ids.next()}@mail.example`;
  const account = await createAccount(ctx, {
    ...{ name, mail, password, roles: ["citizen" as const, ...roles], confirmed: true },
  });
  const answer = await browser.submit("/sign-in", { mail, password });
  if (answer.status !== 303) throw new Error(`signing in answered ${answer.status}`);
  return { ...browser, memberId: account._id };
}

/** A browser on `host`, speaking to a local port. */
export function aBrowser(port: number, host: string): Browser {
  const cookies = new Map<string, string>();
  const ask: Browser["ask"] = async (method, path, asking = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const own = { Host: host, Accept: "text/html", ...(cookie === "" ? {} : { Cookie: cookie }) };
    const answer = await send(port, method, path, {
      ...asking,
      headers: { ...own, ...asking.headers },
    });
    for (const line of answer.headers["set-cookie"] ?? []) keep(cookies, line);
    return answer;
  };
  const get: Browser["get"] = (path, headers = {}) => ask("GET", path, { headers });
  const post: Browser["post"] = (path, fields, headers = {}) =>
    ask("POST", path, {
      body: encoded(fields),
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    });
  const load = async (page: string, action: string): Promise<FormInPage> => {
    const { status, text } = await get(page);
    const found = formsIn(text).find((form) => form.action === action);
    if (found === undefined) throw new Error(`${page} (${status}) has no form to ${action}`);
    return found;
  };
  return {
    ...{ cookies, ask, get, post },
    async submit(page, fields, action = page.split("?")[0] ?? page) {
      const form = await load(page, action);
      return post(form.action, { ...form.hidden, ...fields });
    },
    async token(page) {
      const { text } = await get(page);
      const token = formsIn(text).find((form) => "_csrf" in form.hidden)?.hidden["_csrf"];
      if (token === undefined) throw new Error(`${page} has no form token`);
      return token;
    },
  };
}

function encoded(fields: Fields): string {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === "string" ? [value] : value) body.append(name, one);
  }
  return body.toString();
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const at = pair.indexOf("=");
  const name = pair.slice(0, at);
  const expires = attributes.map((part) => part.trim()).find((part) => /^expires=/i.test(part));
  const over = expires !== undefined && new Date(expires.slice(8)).getTime() < Date.now();
  if (over) cookies.delete(name);
  else cookies.set(name, pair.slice(at + 1));
}

function send(port: number, method: string, path: string, asking: Asking): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { headers = {}, body } = asking;
    const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
    const asked = request(
      {
        ...{ host: "127.0.0.1", port, method, path, agent: false, setHost: false },
        headers: { ...length, ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject).once("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    asked.once("error", reject);
    asked.end(body);
  });
}
