import { defineFeature } from "../../kit/index.js";
import { formerActorsCollection } from "./former-actors.js";
import { peopleCollection } from "./people.js";
import { standingsCollection } from "./standing.js";

/** Who takes part, here and elsewhere. Their pages are on the square. */
export const people = defineFeature({
  name: "people",
  collections: [peopleCollection, formerActorsCollection, standingsCollection],
});
