import { randomBytes } from "node:crypto";
import { z } from "zod";
import {
  defineCollection,
  defineEvent,
  isDuplicate,
  memberHandle,
  memberHandleBytes,
  Refusal,
  type Ctx,
  type Member,
} from "../../kit/index.js";
import { retireActor } from "./former-actors.js";
import type { Person } from "./person.js";

export const peopleCollection = defineCollection<Person>("people", [
  { keys: { handle: 1 }, unique: true },
  {
    keys: { uri: 1 },
    unique: true,
    partialFilterExpression: { uri: { $gt: "" } },
  },
]);

const payload = z.object({ personId: z.string() });

/** A person's public face changed, or they consented to the network. */
export const personChanged = defineEvent("person-changed", payload);
/** An account was deleted; its public traces say "a former member". */
export const personErased = defineEvent("person-erased", payload);

/** A person by id, or null. */
export async function personById(ctx: Ctx, id: string): Promise<Person | null> {
  return ctx.collection(peopleCollection).findOne({ _id: id });
}

/** Several people at once, by id; unknown ids are left out. At most 1,000 ids. */
export async function peopleByIds(
  ctx: Ctx,
  ids: ReadonlyArray<string | null>,
): Promise<Map<string, Person>> {
  const wanted = [...new Set(ids)].filter((id): id is string => id !== null).slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(peopleCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Map(found.map((person) => [person._id, person]));
}

/** A member of this instance by their public handle, or null. */
export async function personByHandle(ctx: Ctx, handle: string): Promise<Person | null> {
  const person = await ctx.collection(peopleCollection).findOne({ handle });
  return person?.origin === "here" ? person : null;
}

/** A person by the id of their actor on the network, or null. */
export async function personByUri(ctx: Ctx, uri: string): Promise<Person | null> {
  if (uri === "") return null;
  return ctx.collection(peopleCollection).findOne({ uri });
}

/** A handle for a member: random, and never that of the instance's city or association. */
function handleFor(ctx: Ctx): string {
  for (;;) {
    const handle = memberHandle(randomBytes(memberHandleBytes));
    if (handle !== ctx.instance.handle) return handle;
  }
}

/** The public face of a new account. Its handle is random, so that it betrays no login or mail. */
export async function newPerson(
  ctx: Ctx,
  { _id, name }: Pick<Person, "_id" | "name">,
): Promise<Person> {
  const people = ctx.collection(peopleCollection);
  for (let tries = 0; tries < 5; tries++) {
    const known = await people.findOne({ _id });
    if (known !== null) return known;
    const handle = handleFor(ctx);
    const person: Person = {
      ...{ _id, name, handle, uri: null, host: null, about: "" },
      origin: "here",
      url: `/people/${handle}`,
      federated: false,
      createdAt: ctx.clock.now(),
      erasedAt: null,
    };
    try {
      await people.insertOne(person);
      return person;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
  }
  throw new Error("No handle is free.");
}

/** Remove the person of an account that could not be made after all (its address was taken). */
export async function forgetNewPerson(ctx: Ctx, id: string): Promise<void> {
  await ctx.collection(peopleCollection).deleteOne({ _id: id });
}

/** Somebody of the network, as their home server describes them. */
export type ReceivedPerson = Pick<Person, "name" | "handle" | "url" | "about"> & {
  readonly uri: string;
  readonly host: string;
};

/**
 * Keep what the network says about somebody, by the id of their actor. People of this instance and
 * people whose actor was deleted stay as they are.
 */
export async function receivePerson(ctx: Ctx, input: ReceivedPerson): Promise<Person> {
  const people = ctx.collection(peopleCollection);
  for (let tries = 0; tries < 3; tries++) {
    const known = await personByUri(ctx, input.uri);
    if (known !== null && (known.origin === "here" || known.erasedAt !== null)) return known;
    try {
      const person = await people.findOneAndUpdate(
        { uri: input.uri },
        { $set: faceOf(input), $setOnInsert: birthOf(ctx) },
        { upsert: true, returnDocument: "after" },
      );
      if (person !== null) return person;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await freeHandle(ctx, input);
    }
  }
  throw new Error("A remote person could not be kept.");
}

function faceOf({ name, handle, url, host, about }: ReceivedPerson) {
  return {
    name: name.slice(0, 200),
    handle: handle.slice(0, 300),
    url: url.slice(0, 2000),
    host,
    about: about.slice(0, 2000),
  };
}

function birthOf(ctx: Ctx) {
  return {
    _id: ctx.ids.next(),
    origin: "elsewhere" as const,
    federated: false,
    createdAt: ctx.clock.now(),
    erasedAt: null,
  };
}

/** An account made again under the same handle has a new actor; the former one gives way. */
async function freeHandle(ctx: Ctx, { handle, uri }: ReceivedPerson): Promise<void> {
  const people = ctx.collection(peopleCollection);
  const former = await people.findOne({ handle: handle.slice(0, 300) });
  if (former === null || former.uri === uri || former.origin === "here") return;
  await people.updateOne(
    { _id: former._id },
    { $set: { handle: `${former.handle}#${former._id}` } },
  );
}

function signedIn(ctx: Ctx): Member {
  if (ctx.member === null) throw new Refusal("not-signed-in");
  return ctx.member;
}

async function change(
  ctx: Ctx,
  personId: string,
  set: Partial<Person>,
  expected: Partial<Pick<Person, "handle">> = {},
): Promise<Person> {
  const changed = await ctx.commit(personChanged, { personId }, () =>
    ctx
      .collection(peopleCollection)
      .findOneAndUpdate(
        { ...expected, _id: personId, erasedAt: null },
        { $set: set },
        { returnDocument: "after" },
      ),
  );
  if (changed === null) throw new Refusal("not-found");
  return changed;
}

/**
 * The member agrees to be an actor on the network under their public name and handle. Who comes back
 * gets a new handle: other servers take the former actor for erased, and no id is used twice.
 */
export async function consentToNetwork(ctx: Ctx): Promise<Person> {
  const member = signedIn(ctx);
  const person = await personById(ctx, member._id);
  if (person === null) throw new Refusal("not-found");
  const isBack = person.uri !== null && !person.federated;
  if (isBack) await retireActor(ctx, person);
  const handle = isBack ? memberHandle(randomBytes(memberHandleBytes)) : person.handle;
  const path = `/people/${handle}`;
  const again = isBack ? { handle, url: path, leftAt: person.leftAt ?? ctx.clock.now() } : {};
  const set = { ...again, federated: true, uri: ctx.instance.url(path) };
  return change(ctx, member._id, set, { handle: person.handle });
}

/** The member takes their consent back. The actor's id is kept, so that servers can be told. */
export async function leaveNetwork(ctx: Ctx): Promise<Person> {
  return change(ctx, signedIn(ctx)._id, { federated: false, leftAt: ctx.clock.now() });
}

/** What a member says of themselves in public. */
export type PublicFace = Pick<Person, "name" | "about"> &
  Partial<Pick<Person, "fields" | "discoverable" | "indexable">>;

/** Change the member's public name, their words, and how far they may be found. */
export async function renamePerson(ctx: Ctx, face: PublicFace): Promise<Person> {
  const { name, about, fields = [], discoverable = false, indexable = false } = face;
  return change(ctx, signedIn(ctx)._id, { name, about, fields, discoverable, indexable });
}

const faceless = {
  ...{ about: "", fields: [], discoverable: false, indexable: false, federated: false },
};

/**
 * Forget who a person was: name and words go, the handle is never given again, what they did in
 * public stays under "a former member". Erasing twice changes nothing.
 */
export async function erasePerson(ctx: Ctx, personId: string): Promise<void> {
  const name = ctx.inLanguage(ctx.instance.language).t.t("people.formerMember");
  await ctx.commit(personErased, { personId }, () =>
    ctx
      .collection(peopleCollection)
      .updateOne(
        { _id: personId, erasedAt: null },
        { $set: { ...faceless, name, erasedAt: ctx.clock.now(), leftAt: ctx.clock.now() } },
      ),
  );
}
