import type { Ctx } from "../../kit/index.js";
import { createTopic, mostTopics, topics } from "../topics/topics.js";
import type { ImportRow } from "./row.js";

/**
 * Gives the id of a row's topic, made when there is none of that name yet; null when it has none, or
 * when the instance has as many as it can show.
 */
export type TopicFinder = (row: ImportRow) => Promise<string | null>;

/** Find topics by name, each looked up once for a whole import. */
export function createTopicFinder(ctx: Ctx): TopicFinder {
  let known: Promise<Map<string, string>> | null = null;
  return async (row) => {
    const name = row.subcategory || row.category;
    if (!name) return null;
    known ??= topics(ctx).then((all) => new Map(all.map((topic) => [topic.name, topic._id])));
    const ids = await known;
    const found = ids.get(name);
    if (found !== undefined) return found;
    if (ids.size >= mostTopics) return null;
    const made = await createTopic(ctx, { name, description: row.category ?? "" });
    ids.set(name, made._id);
    return made._id;
  };
}
