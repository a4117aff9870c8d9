import { createHash } from "node:crypto";
import type { Request, RequestHandler } from "express";
import session from "express-session";
import passportModule, { type PassportStatic } from "passport";
import type { Clock } from "../drivers/clock.js";
import type { Store as RowStore } from "../drivers/store/collection.js";
import type { Ctx, Member } from "../kit/context.js";
import type { SignIn } from "../kit/feature.js";
import type { Instance } from "../kit/instance.js";
import { defineCollection, type Collection } from "../kit/records.js";
import { scopedCollection } from "./scoped-store.js";
import { speaksHttps } from "./web/cookies.js";

interface SessionRow {
  /** SHA-256 of the cookie's session id: a copy of the table opens no session. */
  readonly _id: string;
  readonly data: string;
  readonly memberId: string | null;
  readonly expiresAt: Date;
}

/** Sessions, bound to one instance: another instance's cookie names no session here. */
export const sessionsCollection = defineCollection<SessionRow>("sessions", [
  { keys: { expiresAt: 1 }, expireAfterSeconds: 0 },
  { keys: { memberId: 1 } },
]);

const lifetimeMs = 30 * 24 * 3_600_000;
const hashed = (sid: string): string => createHash("sha256").update(sid).digest("hex");

/** express-session's store on our collections. */
class InstanceSessions extends session.Store {
  private readonly rows: Collection<SessionRow>;
  private readonly clock: Clock;

  constructor(rows: Collection<SessionRow>, clock: Clock) {
    super();
    this.rows = rows;
    this.clock = clock;
  }

  override get(
    sid: string,
    done: (error: unknown, session?: session.SessionData | null) => void,
  ): void {
    this.rows.findOne({ _id: hashed(sid) }).then(
      (row) => {
        const alive = row !== null && row.expiresAt > this.clock.now();
        done(null, alive ? (JSON.parse(row.data) as session.SessionData) : null);
      },
      (error: unknown) => done(error),
    );
  }

  override set(sid: string, data: session.SessionData, done?: (error?: unknown) => void): void {
    const passport = (data as { passport?: { user?: string } }).passport;
    const row = {
      data: JSON.stringify(data),
      memberId: passport?.user ?? null,
      expiresAt: new Date(this.clock.now().getTime() + lifetimeMs),
    };
    this.rows.updateOne({ _id: hashed(sid) }, { $set: row }, { upsert: true }).then(
      () => done?.(),
      (error: unknown) => done?.(error),
    );
  }

  override destroy(sid: string, done?: (error?: unknown) => void): void {
    this.rows.deleteOne({ _id: hashed(sid) }).then(
      () => done?.(),
      (error: unknown) => done?.(error),
    );
  }
}

/** End every session of a member on this instance, e.g. after a new password. */
export async function endSessions(ctx: Ctx, memberId: string): Promise<void> {
  await ctx.collection(sessionsCollection).deleteMany({ memberId });
}

/** The name of the session's cookie; under HTTPS its prefix keeps other hosts from setting it. */
export function sessionCookie(instance: Instance): string {
  return speaksHttps(instance) ? "__Host-parvis" : "parvis";
}

/**
 * The session middleware of one instance; cheap, kept with the instance. The cookie is secure by the
 * instance's origin: the last hop behind a proxy that ends TLS is not, and is not asked.
 */
export function sessionFor(
  instance: Instance,
  store: RowStore,
  clock: Clock,
  secret: string,
): RequestHandler {
  const rows = scopedCollection(store, instance._id, sessionsCollection);
  const secure = speaksHttps(instance);
  const middleware = session({
    name: sessionCookie(instance),
    secret,
    resave: false,
    saveUninitialized: false,
    store: new InstanceSessions(rows, clock),
    cookie: {
      httpOnly: true,
      sameSite: "lax",
      secure,
      maxAge: lifetimeMs,
    },
  });
  return (req, res, next) => {
    if (secure) Object.defineProperty(req, "secure", { value: true, configurable: true });
    return middleware(req, res, next) as unknown;
  };
}

/** Passport set up with the strategies of the feature that provides sign-in. */
export function createPassport(
  signIn: SignIn,
  ctxOf: (req: Request) => Ctx,
): InstanceType<PassportStatic["Passport"]> {
  const passport = new passportModule.Passport();
  for (const [name, strategy] of Object.entries(
    signIn.strategies((req) => ctxOf(req as Request)),
  )) {
    passport.use(name, strategy);
  }
  passport.serializeUser((user, done) => done(null, (user as Member)._id));
  passport.deserializeUser<string, Request>((req, id, done) => {
    signIn.loadMember(ctxOf(req), id).then(
      (member) => done(null, member ?? false),
      (error: unknown) => done(error),
    );
  });
  return passport;
}
