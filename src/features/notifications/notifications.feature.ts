import { defineFeature, on } from "../../kit/index.js";
import { personErased } from "../people/people.js";
import { mailNotice } from "./mailing.js";
import { forgetNotifications, notificationsCollection, unreadCount } from "./notifications.js";
import { tellCircle, tellEdit, tellings } from "./telling.js";

/** What members are told, on the site and by mail. */
export const notifications = defineFeature({
  name: "notifications",
  collections: [notificationsCollection],
  jobs: [tellCircle, tellEdit, mailNotice],
  on: [
    ...tellings,
    on(personErased, "forget-notifications", (ctx, { personId }) =>
      forgetNotifications(ctx, personId),
    ),
  ],
  unread: unreadCount,
});
