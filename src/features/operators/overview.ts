import { diskRoom, roomLevel, type DiskRoom } from "../../drivers/disk.js";
import { presentProcesses, type PresentProcess } from "../../drivers/store/presence.js";
import type { Condition } from "../../hosting/health.js";
import type { OperatorParts } from "./parts.js";

/** How the deployment does, in figures that cost the same whatever its size. */
export interface Overview {
  readonly conditions: Readonly<Record<"store" | "queue", Condition>>;
  readonly disk: (DiskRoom & { readonly level: "ok" | "warn" | "fail" }) | null;
  readonly storeBytes: number | null;
  readonly processes: readonly PresentProcess[];
}

/** Look at the deployment; what cannot be told is null. */
export async function lookOver(parts: OperatorParts): Promise<Overview> {
  const { health, store, deployment, clock } = parts;
  const [conditions, disk, storeBytes, processes] = await Promise.all([
    health.look(),
    diskRoom(deployment.dataDir).catch(() => null),
    store.bytes().catch(() => null),
    // Only processes that share a MongoDB say that they are there.
    deployment.store === "mongodb" ? presentProcesses(store, () => clock.now()) : [],
  ]);
  return {
    ...{ conditions, storeBytes, processes },
    disk: disk === null ? null : { ...disk, level: roomLevel(disk) },
  };
}
