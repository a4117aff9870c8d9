import { defineCollection } from "../../kit/index.js";
import type { Follow } from "./follow.js";

export const followsCollection = defineCollection<Follow>("follows", [
  { keys: { memberId: 1, kind: 1, targetId: 1 }, unique: true },
  { keys: { kind: 1, targetId: 1, _id: 1 } },
]);
