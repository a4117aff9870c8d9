import { diskRoom, roomLevel, type DiskRoom } from "../../drivers/disk.js";
import { QueueRefuses, type Queue } from "../../drivers/queue/queue.js";
import { presentProcesses, type PresentProcess } from "../../drivers/store/presence.js";
import type { OperatorParts } from "./parts.js";

/** How the deployment does, in figures that cost the same whatever its size. */
export interface Overview {
  readonly answers: Readonly<Record<"store" | "queue", boolean>>;
  /** Whether the queue is not well since it is full. */
  readonly isQueueFull: boolean;
  readonly disk: (DiskRoom & { readonly level: "ok" | "warn" | "fail" }) | null;
  readonly storeBytes: number | null;
  readonly processes: readonly PresentProcess[];
}

/** Look at the deployment; what cannot be told is null. */
export async function lookOver(parts: OperatorParts): Promise<Overview> {
  const { health, store, queue, deployment, clock } = parts;
  const [answers, disk, storeBytes, processes] = await Promise.all([
    health.look(),
    diskRoom(deployment.dataDir).catch(() => null),
    store.bytes().catch(() => null),
    // Only processes that share a MongoDB say that they are there.
    deployment.store === "mongodb" ? presentProcesses(store, () => clock.now()) : [],
  ]);
  return {
    ...{ answers, storeBytes, processes },
    isQueueFull: !answers.queue && (await isFull(queue)),
    disk: disk === null ? null : { ...disk, level: roomLevel(disk) },
  };
}

async function isFull(queue: Queue): Promise<boolean> {
  try {
    await queue.check();
    return false;
  } catch (error) {
    return error instanceof QueueRefuses && error.why === "full";
  }
}
