import { readableHost } from "../../hosting/host-search.js";
import type { StatusView } from "../../kit/component-models.js";
import { limitsOf, type Ctx, type Instance, type Limited, type Limits } from "../../kit/index.js";
import type { InstanceFigures } from "./figures.js";
import { badgeOf, pathOf, type Level } from "./frame.js";
import { addressOf } from "./queues.pages.js";

/** One instance of the deployment, with its figures as they were measured last. */
export interface InstanceView {
  readonly name: string;
  /** As its people know it. */
  readonly host: string;
  /** Its front page; null when it has none any more. */
  readonly url: string | null;
  /** Where operators act on it. */
  readonly manage: string;
  readonly badge: StatusView;
  /** What its state means, where the word alone does not say it. */
  readonly note: string | null;
  /** Null until it is measured for the first time; of what is limited with its limit. */
  readonly figures: {
    readonly members: string;
    readonly proposals: number;
    readonly comments: number;
    readonly recent: number;
    readonly storage: string;
    readonly mails: string;
    readonly lastProposalAt: Date | null;
    readonly lastSignInOn: Date | null;
    readonly measuredAt: Date;
    /** They are of long ago: an instance that is closed is not measured. */
    readonly isOld: boolean;
  } | null;
  /** Why there are none. */
  readonly noFigures: string;
  readonly troubles: ReadonlyArray<{ readonly text: string; readonly url: string | null }>;
}

/** What is known of an instance beside its record. */
export interface Known {
  readonly figures: InstanceFigures | null;
  /** The deployment's limits. */
  readonly limits: Limits;
}

/** Where operators act on an instance. */
export function instancePath(host: string): string {
  return `${pathOf("instances")}/${host}`;
}

const levels = {
  active: "ok",
  new: "unknown",
  suspended: "warn",
  deleted: "warn",
  leaving: "fail",
  gone: "unknown",
} as const satisfies Record<Instance["state"], Level>;

/** An instance in words. */
export function instanceView(
  ctx: Ctx,
  instance: Instance,
  { figures, limits }: Known,
): InstanceView {
  const { name, host, origin, state } = instance;
  const label = ctx.t.t(`operators.instances.states.${state}`);
  return {
    ...{ name, host: readableHost(host), manage: instancePath(host) },
    url: state === "leaving" || state === "gone" ? null : `${origin}/`,
    ...{ badge: badgeOf(ctx, levels[state], label), note: noteOf(ctx, instance) },
    figures: figures === null ? null : figuresView(ctx, figures, limitsOf(instance, limits)),
    noFigures: ctx.t.t(`operators.instances.${state === "active" ? "notMeasured" : "noFigures"}`),
    troubles: figures === null ? [] : troublesOf(ctx, host, figures),
  };
}

function noteOf(ctx: Ctx, { state, suspension, deletion }: Instance): string | null {
  const t = (key: string, params = {}): string =>
    ctx.t.t(`operators.instances.notes.${key}`, params);
  const day = (at: Date): string => ctx.t.formatDate(at, "long");
  if (state === "suspended" && suspension != null) {
    const { reason } = suspension;
    return t(reason === "" ? "suspended" : "suspendedFor", { at: day(suspension.at), reason });
  }
  if (state === "deleted" && deletion != null) {
    const { until } = deletion;
    return until > ctx.clock.now() ? t("deleted", { until: day(until) }) : t("graceOver");
  }
  if (state === "gone" && deletion?.goneAt !== undefined) {
    return t("gone", { at: day(deletion.goneAt) });
  }
  return state === "leaving" ? t("leaving") : null;
}

function figuresView(
  ctx: Ctx,
  figures: InstanceFigures,
  limits: Limits,
): NonNullable<InstanceView["figures"]> {
  const { proposals, comments, recent, lastProposalAt, lastSignInOn, measuredAt } = figures;
  const used = (what: Limited): string => {
    const [now, most] = [limitText(ctx.t, what, figures.used[what]), limits[what]];
    if (most === null) return now;
    return ctx.t.t("operators.instances.of", { used: now, limit: limitText(ctx.t, what, most) });
  };
  const now = ctx.clock.now().getTime();
  return {
    ...{ proposals, comments, recent, lastProposalAt, lastSignInOn, measuredAt },
    ...{ members: used("members"), storage: used("storage") },
    mails: onItsDay(ctx, measuredAt, used("mails")),
    isOld: now - measuredAt.getTime() > oldMs,
  };
}

const dayMs = 86_400_000;
/** Measured once an hour, figures are younger than that. */
const oldMs = 2 * 3_600_000;

/** Mails are counted by the day (UTC): those of a day that is over are told with it. */
function onItsDay(ctx: Ctx, measuredAt: Date, mails: string): string {
  const [measured, today] = [measuredAt, ctx.clock.now()].map((at) =>
    Math.floor(at.getTime() / dayMs),
  ) as [number, number];
  if (measured === today) return mails;
  const day = ctx.t.formatDate(new Date(measured * dayMs), "numeric");
  return ctx.t.t("operators.instances.mailsOn", { mails, day });
}

/** An amount of what is limited, in words. */
export function limitText(t: Ctx["t"], what: Limited, amount: number): string {
  return what === "storage" ? t.formatBytes(amount) : t.formatNumber(amount);
}

function troublesOf(ctx: Ctx, host: string, { failingPeers, deadJobs }: InstanceFigures) {
  const text = (key: string, count: number): string =>
    ctx.t.t(`operators.instances.${key}`, { count });
  const jobs = addressOf({ queue: null, host });
  return [
    ...(failingPeers === 0 ? [] : [{ text: text("failingPeers", failingPeers), url: null }]),
    ...(deadJobs === 0 ? [] : [{ text: text("deadJobs", deadJobs), url: jobs }]),
  ];
}
