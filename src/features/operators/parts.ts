import type { Clock, Ids } from "../../drivers/clock.js";
import type { Queue } from "../../drivers/queue/queue.js";
import type { Store } from "../../drivers/store/collection.js";
import type { Health } from "../../hosting/health.js";
import type { Instances } from "../../hosting/instances.js";

/** What of the configuration operators are told. */
export interface DeploymentFacts {
  readonly version: string;
  readonly dataDir: string;
  readonly role: "all" | "web" | "worker";
  readonly store: "embedded" | "mongodb";
  readonly queue: "embedded" | "redis";
}

/** What the operators' pages and commands work with: the whole deployment, beside any instance. */
export interface OperatorParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly instances: Instances;
  readonly health: Pick<Health, "look">;
  readonly deployment: DeploymentFacts;
}
