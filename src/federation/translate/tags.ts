import type { Topic } from "../../features/topics/topic.js";
import type { Instance } from "../../kit/index.js";
import type { As2 } from "../vocabulary.js";
import { hashtag } from "./html.js";

/** A topic as a hashtag that leads to its page. */
export function topicTag(instance: Instance, { name, slug }: Pick<Topic, "name" | "slug">): As2 {
  return {
    type: "Hashtag",
    name: `#${hashtag(name)}`,
    href: instance.url(`/topics/${slug}`),
  };
}
