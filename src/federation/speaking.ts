import { serving, type InstanceState } from "../kit/index.js";

/** What an instance is while deliveries go out: one that leaves for good has its farewell to say. */
export const speaking: readonly InstanceState[] = [...serving, "leaving"];
