import { z } from "zod";
import { defineCollection, defineEvent } from "../../kit/index.js";
import type { Topic } from "./topic.js";

export const topicsCollection = defineCollection<Topic>("topics", [
  { keys: { slug: 1 }, unique: true },
  { keys: { position: 1, _id: 1 } },
]);

/** A topic was made or renamed. */
export const topicChanged = defineEvent("topic-changed", z.object({ topicId: z.string() }));
