import { z } from "zod";
import {
  defineCollection,
  defineEvent,
  insertOnce,
  isDuplicate,
  refuseField,
  type Ctx,
} from "../../kit/index.js";
import { starterThemes } from "./starter-themes.js";
import type { Topic } from "./topic.js";

export const topicsCollection = defineCollection<Topic>("topics", [
  { keys: { slug: 1 }, unique: true },
  { keys: { position: 1, _id: 1 } },
]);

/** A topic was made or renamed. */
export const topicChanged = defineEvent("topic-changed", z.object({ topicId: z.string() }));

/** How many topics an instance shows; more would be no help to anybody. */
export const mostTopics = 200;

/** What a topic is made of; without a slug one is made of the name. */
export interface NewTopic {
  readonly name: string;
  readonly description: string;
  readonly slug?: string;
}

/** All topics in their order, at most 200. */
export async function topics(ctx: Ctx): Promise<Topic[]> {
  return ctx
    .collection(topicsCollection)
    .find({}, { sort: { position: 1, _id: 1 }, limit: mostTopics })
    .toArray();
}

/** A topic by the part of its address, or null. */
export async function topicBySlug(ctx: Ctx, slug: string): Promise<Topic | null> {
  return ctx.collection(topicsCollection).findOne({ slug });
}

/** Several topics at once, by id; unknown ids are left out. */
export async function topicsByIds(
  ctx: Ctx,
  ids: ReadonlyArray<string | null>,
): Promise<Map<string, Topic>> {
  const wanted = [...new Set(ids)].filter((id): id is string => id !== null).slice(0, 1000);
  if (wanted.length === 0) return new Map();
  const found = await ctx
    .collection(topicsCollection)
    .find({ _id: { $in: wanted } }, { limit: wanted.length })
    .toArray();
  return new Map(found.map((topic) => [topic._id, topic]));
}

/** Part of an address made of a name: `[a-z0-9-]{1,24}`. */
export function slugFrom(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/œ/g, "oe")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "");
  return plain.slice(0, 24).replace(/-+$/, "") || "sujet";
}

/**
 * Add a topic at the end of the list. A slug that was asked for and is taken is refused
 * ("already-taken", field `slug`); one made of the name gets a number instead.
 */
export async function createTopic(ctx: Ctx, input: NewTopic): Promise<Topic> {
  const wanted = slugFrom(input.slug ?? input.name);
  const last = await ctx
    .collection(topicsCollection)
    .find({}, { sort: { position: -1, _id: -1 }, limit: 1 })
    .toArray();
  const position = (last[0]?.position ?? 0) + 1;
  for (let number = 1; number <= 50; number++) {
    const slug = number === 1 ? wanted : `${wanted.slice(0, 20).replace(/-+$/, "")}-${number}`;
    try {
      return await addTopic(ctx, { ...input, slug, position });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      if (input.slug !== undefined) throw refuseField("already-taken", "slug");
    }
  }
  throw refuseField("already-taken", "name");
}

async function addTopic(
  ctx: Ctx,
  { name, description, slug, position }: NewTopic & { slug: string; position: number },
): Promise<Topic> {
  const topic: Topic = {
    ...{ _id: ctx.ids.next(), slug, name, description, position },
    proposalCount: 0,
    createdAt: ctx.clock.now(),
  };
  await ctx.commit(topicChanged, { topicId: topic._id }, () =>
    ctx.collection(topicsCollection).insertOne(topic),
  );
  return topic;
}

/** Give a new instance the themes of local life to begin with; a second run adds nothing. */
export async function defaultTopics(ctx: Ctx): Promise<Topic[]> {
  for (const [index, theme] of starterThemes[ctx.language].entries()) {
    await insertOnce(() => addTopic(ctx, { ...theme, position: index + 1 }));
  }
  return topics(ctx);
}
