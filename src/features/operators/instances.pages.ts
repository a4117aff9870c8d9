import type { Instances } from "../../hosting/instances.js";
import type { StatusView } from "../../kit/component-models.js";
import {
  definePage,
  packCursor,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Instance,
  type PageModel,
  type Req,
} from "../../kit/index.js";
import { badgeOf, frameOf, pathOf, type Level, type OperatorPage } from "./frame.js";
import type { Figures, InstanceFigures } from "./figures.js";
import { addressOf } from "./queues.pages.js";

/** One instance of the deployment, with its figures as they were measured last. */
export interface InstanceView {
  readonly name: string;
  readonly host: string;
  readonly url: string;
  readonly badge: StatusView;
  /** Null until it is measured for the first time. */
  readonly figures: {
    readonly members: number;
    readonly proposals: number;
    readonly comments: number;
    readonly recent: number;
    readonly media: string;
    readonly lastProposalAt: Date | null;
    readonly lastSignInOn: Date | null;
    readonly measuredAt: Date;
  } | null;
  readonly troubles: ReadonlyArray<{ readonly text: string; readonly url: string | null }>;
}

/** The instances of the deployment: for operators. */
export interface InstancesPage extends OperatorPage, PageModel {
  readonly query: string;
  readonly instances: readonly InstanceView[];
  readonly next: string | null;
  /** Back to the first page of all; null when there. */
  readonly start: string | null;
}

export const instancesPage = definePage<InstancesPage>("operators/instances");

const pageSize = 25;
const longestHost = 253;

/** Gather a page of instances, by host: three questions to the store, however many there are. */
export async function instancesModel(
  ctx: Ctx,
  parts: { readonly instances: Instances; readonly figures: Figures },
  req: Req,
): Promise<InstancesPage> {
  const query = hostTyped(req.query["host"] ?? "");
  const cursor = req.query["after"];
  const after = cursor === undefined ? null : String(unpackCursor(cursor, 1)[0]);
  const found = await parts.instances.page({ hostPrefix: query, after, limit: pageSize + 1 });
  const { items, next } = sliceOf(found, pageSize, ({ host }) => packCursor([host.slice(0, 200)]));
  const figures = await parts.figures.of(items.map(({ _id }) => _id));
  return {
    ...frameOf(ctx, "instances"),
    query,
    instances: items.map((one) => instanceView(ctx, one, figures.get(one._id) ?? null)),
    next: next === null ? null : pageAt(query, next),
    start: query === "" && after === null ? null : pathOf("instances"),
  };
}

/** A host as it is written, from what may be an address. */
function hostTyped(typed: string): string {
  const bare = typed
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "");
  return (bare.split(/[/:?#]/)[0] ?? "").slice(0, longestHost);
}

function pageAt(query: string, after: string): string {
  const asked = new URLSearchParams(query === "" ? { after } : { host: query, after });
  return `${pathOf("instances")}?${asked.toString()}`;
}

const levels = {
  active: "ok",
  new: "unknown",
  suspended: "warn",
  deleted: "warn",
  leaving: "warn",
  gone: "unknown",
} as const satisfies Record<Instance["state"], Level>;

function instanceView(
  ctx: Ctx,
  { name, host, origin, state }: Instance,
  figures: InstanceFigures | null,
): InstanceView {
  const label = ctx.t.t(`operators.instances.states.${state}`);
  return {
    ...{ name, host, url: `${origin}/`, badge: badgeOf(ctx, levels[state], label) },
    figures: figures === null ? null : figuresView(ctx, figures),
    troubles: figures === null ? [] : troublesOf(ctx, host, figures),
  };
}

function figuresView(ctx: Ctx, figures: InstanceFigures): NonNullable<InstanceView["figures"]> {
  const { used, proposals, comments, recent, lastProposalAt, lastSignInOn } = figures;
  return {
    ...{ members: used.members, proposals, comments, recent, lastProposalAt, lastSignInOn },
    media: ctx.t.formatBytes(used.storage),
    measuredAt: figures.measuredAt,
  };
}

function troublesOf(ctx: Ctx, host: string, { failingPeers, deadJobs }: InstanceFigures) {
  const text = (key: string, count: number): string =>
    ctx.t.t(`operators.instances.${key}`, { count });
  return [
    ...(failingPeers === 0 ? [] : [{ text: text("failingPeers", failingPeers), url: null }]),
    ...(deadJobs === 0 ? [] : [{ text: text("deadJobs", deadJobs), url: deadJobsOf(host) }]),
  ];
}

function deadJobsOf(host: string): string {
  return addressOf({ queue: null, host });
}
