import { diskRoom, roomLevel, type DiskRoom } from "../../drivers/disk.js";
import { presentProcesses, type PresentProcess } from "../../drivers/store/presence.js";
import type { OperatorParts } from "./parts.js";

/** How the deployment does, in figures that cost the same whatever its size. */
export interface Overview {
  readonly answers: Readonly<Record<"store" | "queue", boolean>>;
  readonly disk: (DiskRoom & { readonly level: "ok" | "warn" | "fail" }) | null;
  readonly storeBytes: number | null;
  /** Counted up to `mostInstances`. */
  readonly instances: number;
  readonly processes: readonly PresentProcess[];
}

/** Instances that are counted for the overview. */
export const mostInstances = 10_000;

/** Look at the deployment; what cannot be told is null. */
export async function lookOver(parts: OperatorParts): Promise<Overview> {
  const { health, store, instances, deployment, clock } = parts;
  const [answers, disk, storeBytes, count, processes] = await Promise.all([
    health.look(),
    diskRoom(deployment.dataDir).catch(() => null),
    store.bytes().catch(() => null),
    instances.count(mostInstances),
    presentProcesses(store, () => clock.now()),
  ]);
  return {
    ...{ answers, storeBytes, processes, instances: count },
    disk: disk === null ? null : { ...disk, level: roomLevel(disk) },
  };
}
