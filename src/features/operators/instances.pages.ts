import type { LinkChoice } from "../../kit/component-models.js";
import {
  definePage,
  instanceStates,
  packCursor,
  Refusal,
  sliceOf,
  unpackCursor,
  type Ctx,
  type InstanceState,
  type PageModel,
  type Req,
} from "../../kit/index.js";
import { frameOf, pathOf, type OperatorPage } from "./frame.js";
import type { Figures } from "./figures.js";
import { instanceView, type InstanceView } from "./instance-view.js";
import type { OperatorParts } from "./parts.js";

/** The instances of the deployment: for operators. */
export interface InstancesPage extends OperatorPage, PageModel {
  readonly query: string;
  /** What instances there are, by their state, and all of them; empty while all are in the same. */
  readonly states: readonly LinkChoice[];
  readonly instances: readonly InstanceView[];
  readonly next: string | null;
  /** Back to the first page of all; null when there. */
  readonly start: string | null;
}

export const instancesPage = definePage<InstancesPage>("operators/instances");

const pageSize = 25;
const longestHost = 253;

/** Gather a page of instances, by host: what they use is read, as it was measured, and not counted here. */
export async function instancesModel(
  ctx: Ctx,
  parts: Pick<OperatorParts, "instances" | "limits"> & { readonly figures: Figures },
  req: Req,
): Promise<InstancesPage> {
  const query = hostTyped(req.query["host"] ?? "");
  const state = query === "" ? stateAsked(req.query["state"] ?? "") : null;
  const cursor = req.query["after"];
  const after = cursor === undefined ? null : String(unpackCursor(cursor, 1)[0]);
  const limit = pageSize + 1;
  const [found, states] = await Promise.all([
    parts.instances.page({ begins: query, state, after, limit }),
    statesOf(ctx, parts.instances, { state, isSearch: query !== "" }),
  ]);
  const { items, next } = sliceOf(found, pageSize, ({ host }) => packCursor([host.slice(0, 200)]));
  const figures = await parts.figures.of(items.map(({ _id }) => _id));
  return {
    ...frameOf(ctx, "instances"),
    ...{ query, states },
    instances: items.map((one) =>
      instanceView(ctx, one, { figures: figures.get(one._id) ?? null, limits: parts.limits }),
    ),
    next: next === null ? null : addressOf({ host: query, state, after: next }),
    start: query === "" && state === null && after === null ? null : pathOf("instances"),
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

/** Throws `not-found` for what no instance can be; null for all. */
function stateAsked(typed: string): InstanceState | null {
  const state = instanceStates.find((one) => one === typed);
  if (typed !== "" && state === undefined) throw new Refusal("not-found");
  return state ?? null;
}

/** More of one state than this are not counted. */
const mostCounted = 10_000;

/** Links to those in each state that any is in; who searches looks among all. */
async function statesOf(
  ctx: Ctx,
  instances: OperatorParts["instances"],
  { state: shown, isSearch }: { readonly state: InstanceState | null; readonly isSearch: boolean },
): Promise<readonly LinkChoice[]> {
  const counted = [null, ...instanceStates].map(async (state) => ({
    state,
    count: await instances.count(mostCounted, state ?? undefined),
  }));
  const used = (await Promise.all(counted)).filter(({ count }) => count > 0);
  if (used.length <= 2) return [];
  return used.map(({ state, count }) => ({
    text: ctx.t.t(`operators.instances.${state === null ? "all" : `states.${state}`}`),
    url: addressOf({ host: "", state, after: null }),
    current: !isSearch && state === shown,
    count,
  }));
}

interface Address {
  readonly host: string;
  readonly state: InstanceState | null;
  readonly after: string | null;
}

function addressOf({ host, state, after }: Address): string {
  const asked = new URLSearchParams(host === "" ? {} : { host });
  if (state !== null) asked.set("state", state);
  if (after !== null) asked.set("after", after);
  return asked.size === 0 ? pathOf("instances") : `${pathOf("instances")}?${asked.toString()}`;
}
