import { defineFeature } from "../../kit/index.js";
import { supportsCollection } from "./supports.js";

/** Who backs what. */
export const supports = defineFeature({ name: "supports", collections: [supportsCollection] });
