import { defineFeature } from "../../kit/index.js";
import { proposalsCollection, versionsCollection } from "./proposals.js";
import { countersCollection } from "./publishing.js";

/** Numbered public ideas. */
export const proposals = defineFeature({
  name: "proposals",
  collections: [proposalsCollection, versionsCollection, countersCollection],
});
