import { defineCollection } from "../../kit/index.js";
import type { Notification } from "./notification.js";

export const notificationsCollection = defineCollection<Notification>("notifications", [
  { keys: { memberId: 1, occasion: 1, subjectId: 1 }, unique: true },
  { keys: { memberId: 1, at: -1, _id: -1 } },
  { keys: { memberId: 1, readAt: 1 } },
]);
