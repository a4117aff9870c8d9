import { z } from "zod";
import { defineJob, insertOnce, Refusal, type Ctx, type JobDef } from "../kit/index.js";
import { actorUri, city, instanceActor, localActor, type LocalActor } from "./addresses.js";
import { actorByName } from "./discovery/webfinger.js";
import { actorRecord } from "./documents/actors.js";
import { tellActor } from "./outbound/actors.js";
import type { Send } from "./outbound/send.js";
import { rotationsCollection } from "./rotation-record.js";
import type { Services } from "./services.js";
import { usernameOf } from "./translate/actor.js";

/** Left behind means: not done this long after it was asked for. */
const patienceMs = 60_000;

const payload = z.object({ actorUri: z.string(), from: z.number().int().positive() });

type RotationJob = JobDef<z.infer<typeof payload>>;

/** Exchanging the keys of local actors. */
export interface Rotations {
  readonly jobs: readonly JobDef<never>[];
  /**
   * Have the keys of the actor with that handle exchanged; without one, those of the instance's two
   * own actors. An exchange under way is not begun again.
   * @returns the ids of the actors. @throws Refusal `not-found` when nobody has that handle
   */
  ask(ctx: Ctx, handle: string | null): Promise<string[]>;
  /** Take up what a crash left. */
  sweep(ctx: Ctx): Promise<void>;
}

/**
 * An exchange is made of steps that may each be the last one before a crash, and be run again:
 *
 * 1. The row is written: from now on the sweep knows of it.
 * 2. One write puts new pairs in the place of the old ones, and sets the former RSA key aside. The
 *    actor's document lists the new keys, under new ids: who keeps keys by id asks for them anew.
 * 3. An Update with the new document goes to the followers, signed with the former key. So is every
 *    delivery for a while; whoever refuses it gets it again, signed with the new one.
 * 4. The former key is destroyed.
 */
export function createRotations(services: Services, send: Send): Rotations {
  const { vault, timing } = services;

  const retire: RotationJob = defineJob({
    name: "federation.retire-keys",
    payload,
    async run(ctx, { actorUri: uri, from }) {
      await vault.destroyFormer(ctx, uri, from + 1);
      await ctx.collection(rotationsCollection).deleteOne({ _id: uri, from });
    },
  });

  const rotate: RotationJob = defineJob({
    name: "federation.rotate-keys",
    payload,
    async run(ctx, { actorUri: uri, from }) {
      const rotations = ctx.collection(rotationsCollection);
      const actor = localActor(ctx.instance, uri);
      const record = actor === null ? null : await actorRecord(ctx, actor);
      const exchanged = await vault.exchange(ctx, uri, from);
      if (!exchanged) return void (await rotations.deleteOne({ _id: uri, from }));
      if (record !== null && record !== "gone") await tellActor(services, send, ctx, record);
      const options = { id: idOf(ctx, "retire-keys", uri, from), delayMs: timing.keysOverlapMs };
      await ctx.enqueue(retire, { actorUri: uri, from }, options);
    },
  });

  async function begin(ctx: Ctx, actor: LocalActor): Promise<string> {
    const uri = actorUri(ctx.instance, actor);
    const rotations = ctx.collection(rotationsCollection);
    const { generation: from } = await vault.publicKeys(ctx, uri);
    const isFirst = await insertOnce(() =>
      rotations.insertOne({ _id: uri, from, startedAt: ctx.clock.now() }),
    );
    if (isFirst) {
      await ctx.enqueue(
        rotate,
        { actorUri: uri, from },
        { id: idOf(ctx, "rotate-keys", uri, from) },
      );
    }
    return uri;
  }

  return {
    jobs: [rotate, retire] as unknown as readonly JobDef<never>[],
    async ask(ctx, handle) {
      const actors = handle === null ? [city, instanceActor] : [await named(ctx, handle)];
      const uris: string[] = [];
      for (const actor of actors) uris.push(await begin(ctx, actor));
      return uris;
    },
    async sweep(ctx) {
      const now = ctx.clock.now().getTime();
      const left = await ctx
        .collection(rotationsCollection)
        .find({ startedAt: { $lt: new Date(now - patienceMs) } }, { limit: 200 })
        .toArray();
      for (const { _id: uri, from } of left) {
        const options = { id: idOf(ctx, "rotate-keys", uri, from) };
        await ctx.enqueue(rotate, { actorUri: uri, from }, options);
      }
    },
  };
}

/** The actor with that handle, as long as it speaks on the network. */
async function named(ctx: Ctx, handle: string): Promise<LocalActor> {
  const name = handle.trim().toLowerCase().replace(/^@/, "").split("@")[0] ?? "";
  const actor = await actorByName(ctx, name);
  const record = actor === null ? null : await actorRecord(ctx, actor);
  if (actor === null || record === null || record === "gone") throw new Refusal("not-found");
  return actor;
}

function idOf(ctx: Ctx, job: string, uri: string, from: number): string {
  const actor = localActor(ctx.instance, uri);
  const name = actor === null ? "nobody" : usernameOf(ctx.instance, actor);
  return `${job}/${ctx.instance._id}/${name}/${from}`;
}
