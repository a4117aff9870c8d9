import {
  defineFeature,
  get,
  on,
  page,
  post,
  redirect,
  signInPath,
  type Route,
} from "../../kit/index.js";
import { personErased } from "../people/people.js";
import { proposalById } from "../proposals/proposals.js";
import { mailNotice } from "./mailing.js";
import {
  forgetNotifications,
  notificationsCollection,
  readAllNotifications,
  readNotification,
  unreadCount,
} from "./notifications.js";
import { notificationsModel, notificationsPage } from "./notifications.pages.js";
import { targetOf } from "./target.js";
import { tellCircle, tellEdit, tellings } from "./telling.js";

const routes: Route[] = [
  get("/notifications", async (ctx, req) => {
    if (ctx.member === null) return redirect(signInPath(req.url));
    const after = req.query["after"] ?? "";
    return page(notificationsPage, await notificationsModel(ctx, after === "" ? null : after));
  }),
  // Following a link says that it was read: doing so twice, or by a preview, loses nothing.
  get("/notifications/:id", async (ctx, req) => {
    if (ctx.member === null) return redirect(signInPath("/notifications"));
    const notification = await readNotification(ctx, req.params["id"] ?? "");
    const proposal = await proposalById(ctx, notification.proposalId);
    return redirect(proposal === null ? "/notifications" : targetOf(notification, proposal));
  }),
  post("/notifications/read", async (ctx) => {
    if (ctx.member === null) return redirect(signInPath("/notifications"));
    await readAllNotifications(ctx);
    return redirect("/notifications", { kind: "success", key: "notifications.all-read" });
  }),
];

/** What members are told, on the site and by mail. */
export const notifications = defineFeature({
  name: "notifications",
  collections: [notificationsCollection],
  routes,
  jobs: [tellCircle, tellEdit, mailNotice],
  on: [
    ...tellings,
    on(personErased, "forget-notifications", (ctx, { personId }) =>
      forgetNotifications(ctx, personId),
    ),
  ],
  unread: unreadCount,
});
