import { z } from "zod";
import type { DeadJob } from "../../drivers/queue/queue.js";
import type { Instances } from "../../hosting/instances.js";

const envelope = z.object({ payload: z.record(z.string(), z.unknown()) });
/** How ids are made here (`createIds`): nothing else of a payload is shown. */
const ownId = /^[0-9a-hjkmnp-tv-z]{26}$/;
const mostIds = 4;

/** What a job was about: the name of its field, and its id. */
export interface AboutDead {
  readonly field: string;
  readonly id: string;
}

/** The ids of what a job was about, under their names; never anything else of its payload. */
export function aboutDead(data: unknown): AboutDead[] {
  const parsed = envelope.safeParse(data);
  if (!parsed.success) return [];
  return Object.entries(parsed.data.payload)
    .flatMap(([field, id]) => (typeof id === "string" && ownId.test(id) ? [{ field, id }] : []))
    .slice(0, mostIds);
}

/** The hosts of the instances that some jobs belong to, by id. */
export async function hostsOf(
  instances: Pick<Instances, "byId">,
  jobs: readonly Pick<DeadJob, "owner">[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(jobs.flatMap(({ owner }) => (owner === null ? [] : [owner])));
  const found = await Promise.all([...ids].map((id) => instances.byId(id)));
  return new Map(found.flatMap((one) => (one === null ? [] : [[one._id, one.host] as const])));
}
