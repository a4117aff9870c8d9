import { defineFeature, on } from "../../kit/index.js";
import { personErased } from "../people/people.js";
import { followsCollection, forgetFollows } from "./follows.js";

/** Whom to tell of what happens to a proposal or a topic. */
export const follows = defineFeature({
  name: "follows",
  collections: [followsCollection],
  on: [on(personErased, "forget-follows", (ctx, { personId }) => forgetFollows(ctx, personId))],
});
