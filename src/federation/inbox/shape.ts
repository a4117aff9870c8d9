import { z } from "zod";
import type { Instance } from "../../kit/index.js";
import { hostOf, sameOrigin } from "../addresses.js";
import { HostileDocument } from "./guard.js";

const address = z
  .string()
  .max(2048)
  .refine((value) => hostOf(value) !== null);
const byReference = z.union([
  address,
  z.object({ id: address }).transform(({ id }) => id),
  z
    .tuple([z.union([address, z.object({ id: address }).transform(({ id }) => id)])])
    .transform(([one]) => one),
]);
const typeName = z.union([
  z.string().min(1).max(100),
  z.tuple([z.string().min(1).max(100)]).transform(([one]) => one),
]);
const envelope = z.object({ id: address, type: typeName, actor: byReference });

/** What is read of an activity before anything is fetched or stored. */
export interface ActivityHead {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  /** Id of its object, when it has one. */
  readonly object: string | null;
}

const owned: ReadonlySet<string> = new Set(["Create", "Update"]);

/**
 * The head of an activity, checked as requirement 8 asks: its id, its actor and what it creates or
 * updates are of one origin, never of ours, and the author is the actor.
 * @throws HostileDocument
 */
export function activityHead(
  instance: Instance,
  body: Readonly<Record<string, unknown>>,
): ActivityHead {
  const parsed = envelope.safeParse(body);
  if (!parsed.success) throw new HostileDocument("id, type or actor is missing or ill-formed");
  const { id, type, actor } = parsed.data;
  if (!sameOrigin(id, actor)) throw new HostileDocument("the activity is of another host");
  if (sameOrigin(id, instance.origin)) throw new HostileDocument("the activity claims to be ours");
  const object = byReference.safeParse(body["object"]);
  if (owned.has(type)) checkOwned(body["object"], actor);
  return { id, type, actor, object: object.success ? object.data : null };
}

function checkOwned(object: unknown, actor: string): void {
  const inner: unknown = Array.isArray(object) ? object[0] : object;
  if (typeof inner === "string") {
    if (!sameOrigin(inner, actor)) throw new HostileDocument("the object is of another host");
    return;
  }
  const parsed = z
    .object({ id: address, type: typeName, attributedTo: byReference.optional() })
    .safeParse(inner);
  if (!parsed.success) throw new HostileDocument("the object has no id, type or author");
  const { id, attributedTo } = parsed.data;
  if (!sameOrigin(id, actor)) throw new HostileDocument("the object is of another host");
  if (id !== actor && attributedTo !== actor) {
    throw new HostileDocument("the object is by somebody else");
  }
}

/** Activities whose embedded object is taken over; every other is reduced to its id. */
export function reduced(body: Readonly<Record<string, unknown>>, type: string): object {
  if (owned.has(type)) return body;
  return { ...body, object: reducedObject(body["object"], type === "Undo") };
}

function reducedObject(object: unknown, keepShape: boolean): unknown {
  if (Array.isArray(object)) return object.slice(0, 50).map((one) => reducedObject(one, keepShape));
  if (typeof object !== "object" || object === null) return object;
  const { id, type, object: inner } = object as Record<string, unknown>;
  return keepShape ? { id, type, object: reducedObject(inner, false) } : id;
}
