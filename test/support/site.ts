import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { createApp, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { createAccount } from "../../src/features/accounts/accounts.js";
import type { Ctx, Instance, Language, Member, Role } from "../../src/kit/index.js";
import { aBrowser, type Browser } from "./browser.js";
import { aClock, aMailer, type TestClock } from "./city.js";
import { openEngine } from "./engine.js";
import { aMedia } from "./media.js";

/** One city's whole web application on a port of its own, for tests of its pages. */
export interface Site {
  readonly app: App;
  readonly instance: Instance;
  readonly origin: string;
  readonly clock: TestClock;
  readonly mails: ReturnType<typeof aMailer>["mails"];
  /** Nobody signed in. */
  readonly ctx: Ctx;
  /** What the member may do, without a browser. */
  as(member: Member): Ctx;
  /** A browser that has not been here before. */
  browser(language?: Language): Browser;
  /** Somebody new with an account, signed in by the form. */
  signedIn(name?: string, ...roles: Role[]): Promise<Browser & { readonly member: Member }>;
  /** Let time pass, then run every job that has become due. */
  later(ms: number): Promise<void>;
  close(): Promise<void>;
}

const password = "tilleul-fontaine-42";

/** Open a site; close it in `after`. Every query that no index serves fails. */
export async function aSite(): Promise<Site> {
  const dataDir = await mkdtemp(join(tmpdir(), "parvis-site-"));
  const clock = aClock();
  const log = pino({ level: process.env["TEST_LOG"] ?? "silent" });
  const engine = await openEngine({ clock });
  const { store } = engine;
  const queue = engine.queue(log);
  const { mailer, mails } = aMailer();
  const { server, origin, answerWith } = await listening();
  const app = await createApp(
    loadConfig({
      ...{ PORT: "0", HOST: "127.0.0.1", PUBLIC_URL: origin, DATA_DIR: dataDir },
      ...{ SECRET: "a secret that only tests share with themselves", LOG_LEVEL: "silent" },
      FEDERATION_PRIVATE_ADDRESSES: "true",
    }),
    { store, queue, mailer, media: aMedia(), clock, log },
  );
  answerWith(app);
  const instance = await app.instances.create({
    ...{ origin, name: "Valmont", language: "fr", kind: "city", setUpTokenHash: null },
  });
  await app.start();
  const as = (member: Member | null): Ctx => app.contexts({ instance, member, language: "fr" });
  const ctx = as(null);
  return {
    ...{ app, instance, origin, clock, mails, ctx, as },
    browser: (language = "fr") => aBrowser(origin, language),
    signedIn: (name = "Camille", ...roles) => signIn({ ctx, origin }, name, roles),
    async later(ms) {
      await queue.idle();
      clock.advance(ms);
      await queue.idle();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await app.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function listening() {
  let web: App["web"] | null = null;
  const server: Server = createServer((req, res) => {
    if (web === null) res.writeHead(503).end();
    else web(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answerWith = (app: App): void => {
    web = app.web;
  };
  return { server, origin, answerWith };
}

async function signIn(
  { ctx, origin }: Pick<Site, "ctx" | "origin">,
  name: string,
  roles: readonly Role[],
) {
  const mail = `${ctx.ids.next()}@example.org`;
  const all: Role[] = ["citizen", ...roles];
  const account = await createAccount(ctx, {
    ...{ name, mail, password, confirmed: true },
    roles: all,
  });
  const browser = aBrowser(origin, "fr");
  await browser.open("/sign-in");
  const answer = await browser.submit("/sign-in", { mail, password });
  if (answer.status !== 303) throw new Error(`Signing in answered ${answer.status}`);
  const member: Member = { _id: account._id, name, roles: all, language: "fr" };
  return { ...browser, member };
}
