import {
  definePage,
  packCursor,
  sliceOf,
  unpackCursor,
  type Ctx,
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
  parts: Pick<OperatorParts, "instances" | "limits"> & { readonly figures: Figures },
  req: Req,
): Promise<InstancesPage> {
  const query = hostTyped(req.query["host"] ?? "");
  const cursor = req.query["after"];
  const after = cursor === undefined ? null : String(unpackCursor(cursor, 1)[0]);
  const found = await parts.instances.page({ begins: query, after, limit: pageSize + 1 });
  const { items, next } = sliceOf(found, pageSize, ({ host }) => packCursor([host.slice(0, 200)]));
  const figures = await parts.figures.of(items.map(({ _id }) => _id));
  return {
    ...frameOf(ctx, "instances"),
    query,
    instances: items.map((one) =>
      instanceView(ctx, one, { figures: figures.get(one._id) ?? null, limits: parts.limits }),
    ),
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
