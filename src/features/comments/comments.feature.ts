import { defineFeature } from "../../kit/index.js";
import { commentsCollection } from "./comments.js";

/** What is said under proposals. */
export const comments = defineFeature({ name: "comments", collections: [commentsCollection] });
