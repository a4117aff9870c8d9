import { defineFeature } from "../../kit/index.js";

/** The front page. */
export const home = defineFeature({ name: "home" });
