import { defineFeature } from "../../kit/index.js";
import { topicsCollection } from "./topics.js";

/** The themes of local life. */
export const topics = defineFeature({ name: "topics", collections: [topicsCollection] });
