import { defineCollection } from "../kit/index.js";

/** An exchange of an actor's keys that is under way. */
export interface Rotation {
  /** The actor's id. */
  readonly _id: string;
  /** The generation that is left behind. */
  readonly from: number;
  readonly startedAt: Date;
}

export const rotationsCollection = defineCollection<Rotation>("keyRotations", [
  { keys: { startedAt: 1 } },
]);
