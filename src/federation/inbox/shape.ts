import type { Instance } from "../../kit/index.js";
import { originOf, sameOrigin } from "../addresses.js";
import { HostileDocument } from "./guard.js";

/** What is read of an activity before anything is fetched or stored. */
export interface ActivityHead {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  /** Id of its object, when it has one. */
  readonly object: string | null;
}

/** An http(s) address, or null. */
function address(value: unknown): string | null {
  return typeof value === "string" && originOf(value) !== null ? value : null;
}

/** The one value, whether it stands alone or in a list of one. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** The address of what is given by its id or embedded. */
function reference(value: unknown): string | null {
  const one = single(value);
  if (typeof one !== "object" || one === null || Array.isArray(one)) return address(one);
  return address((one as Readonly<Record<string, unknown>>)["id"]);
}

/** The address of the first of several, as others name a post's author before whoever else it is of. */
function firstReference(value: unknown): string | null {
  return reference(Array.isArray(value) ? value[0] : value);
}

function typeName(value: unknown): string | null {
  const one = single(value);
  return typeof one === "string" && one.length > 0 && one.length <= 100 ? one : null;
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
  const [id, type, actor] = [address(body["id"]), typeName(body["type"]), reference(body["actor"])];
  if (id === null || type === null || actor === null) {
    throw new HostileDocument("id, type or actor is missing or ill-formed");
  }
  if (!sameOrigin(id, actor)) throw new HostileDocument("the activity is of another host");
  if (originOf(id) === instance.origin) throw new HostileDocument("the activity claims to be ours");
  if (owned.has(type)) checkOwned(body["object"], actor);
  return { id, type, actor, object: reference(body["object"]) };
}

function checkOwned(object: unknown, actor: string): void {
  const inner: unknown = Array.isArray(object) ? object[0] : object;
  if (typeof inner === "string") {
    if (!sameOrigin(inner, actor)) throw new HostileDocument("the object is of another host");
    return;
  }
  const { id: given, type, attributedTo } = (inner ?? {}) as Readonly<Record<string, unknown>>;
  const id = address(given);
  if (id === null || typeName(type) === null) throw new HostileDocument("the object has no id");
  if (!sameOrigin(id, actor)) throw new HostileDocument("the object is of another host");
  if (id !== actor && firstReference(attributedTo) !== actor) {
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
