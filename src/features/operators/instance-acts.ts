import {
  deleteInstance,
  explainSuspension,
  resumeInstance,
  suspendInstance,
  undeleteInstance,
} from "../../hosting/closing.js";
import type { Instances } from "../../hosting/instances.js";
import type { Outbox } from "../../hosting/outbox.js";
import { limitsChanged, type Ctx, type Instance, type LimitChanges } from "../../kit/index.js";
import type { Clock } from "../../drivers/clock.js";
import { doerOf, type Deed, type Doer } from "./operator.js";
import type { Operators } from "./operators.js";

/** What can be done with an instance. */
export const instanceActs = [
  ...(["suspend", "explain", "resume", "limits", "delete", "undelete"] as const),
] as const;

export type InstanceAct = (typeof instanceActs)[number];

/** Something that is to be done with an instance. */
export type InstanceWish =
  | { readonly act: "suspend" | "explain"; readonly reason: string }
  | { readonly act: "limits"; readonly limits: LimitChanges }
  | { readonly act: "delete"; readonly graceDays: number }
  | { readonly act: "resume" | "undelete" };

/** What acting on instances needs. */
export interface InstanceActing {
  readonly instances: Instances;
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, "commit">;
  readonly operators: Pick<Operators, "record">;
}

const byState = {
  new: ["limits", "delete"],
  active: ["suspend", "limits", "delete"],
  suspended: ["resume", "explain", "limits", "delete"],
  deleted: ["undelete"],
  leaving: [],
  gone: [],
} as const satisfies Record<Instance["state"], readonly InstanceAct[]>;

/** What can be done with an instance as it is now. */
export function actsNow(clock: Clock, { state, deletion }: Instance): readonly InstanceAct[] {
  const acts: readonly InstanceAct[] = byState[state];
  return acts.filter(
    (act) => act !== "undelete" || (deletion != null && deletion.until > clock.now()),
  );
}

/**
 * What an operator may do with an instance as it is now. Whose own pages stand on it could not take
 * back that it is closed: this is left to the command line.
 */
export function possibleActs(
  { clock, instance: own }: Pick<Ctx, "clock" | "instance">,
  instance: Instance,
): readonly InstanceAct[] {
  const isOwn = instance._id === own._id;
  return actsNow(clock, instance).filter(
    (act) => !isOwn || (act !== "suspend" && act !== "delete"),
  );
}

/**
 * Do it, on the record. Null when it cannot be done with the instance as it is: somebody else was
 * faster. Of two who act at once, one does.
 */
export async function actOnInstance(
  ctx: Ctx,
  parts: InstanceActing,
  { id, wish }: { readonly id: string; readonly wish: InstanceWish },
): Promise<Instance | null> {
  const instance = await parts.instances.byId(id);
  if (instance === null || !possibleActs(ctx, instance).includes(wish.act)) return null;
  return actOnRecord(doerOf(ctx), parts, { instance, wish });
}

/**
 * Write down what is to be done with an instance, and do it: for those who may, as for whoever runs
 * commands. Null when it cannot be done with the instance as it is, or it has changed since it was read.
 */
export async function actOnRecord(
  by: Doer,
  parts: InstanceActing,
  { instance, wish }: { readonly instance: Instance; readonly wish: InstanceWish },
): Promise<Instance | null> {
  if (!actsNow(parts.clock, instance).includes(wish.act)) return null;
  if (wish.act === "limits" && Object.keys(wish.limits).length === 0) return instance;
  return parts.operators.record(by, deedOf(instance, wish), () => carryOut(parts, instance, wish));
}

function deedOf({ host }: Instance, wish: InstanceWish): Deed {
  switch (wish.act) {
    case "suspend":
      return { act: "instance-suspended", host, reason: wish.reason };
    case "explain":
      return { act: "instance-explained", host, reason: wish.reason };
    case "resume":
      return { act: "instance-resumed", host };
    case "limits":
      return { act: "instance-limited", host, limits: wish.limits };
    case "delete":
      return { act: "instance-deleted", host, graceDays: wish.graceDays };
    case "undelete":
      return { act: "instance-undeleted", host };
  }
}

function carryOut(
  parts: InstanceActing,
  instance: Instance,
  wish: InstanceWish,
): Promise<Instance | null> {
  switch (wish.act) {
    case "suspend":
      return suspendInstance(parts, instance, wish.reason);
    case "explain":
      return explainSuspension(parts, instance, wish.reason);
    case "resume":
      return resumeInstance(parts, instance);
    case "delete":
      return deleteInstance(parts, instance, wish.graceDays);
    case "undelete":
      return undeleteInstance(parts, instance);
    case "limits": {
      const { _id, state } = instance;
      return parts.outbox.commit(_id, limitsChanged, {}, () =>
        parts.instances.update(_id, { limits: wish.limits }, { state }),
      );
    }
  }
}
