import { giveBack, isUsedUp, refuseField, takeOf, type Ctx } from "../../kit/index.js";

/** Refuses, beside `field`, when no more members may come; asked before anything is made of a form. */
export async function assertRoom(ctx: Ctx, field: string): Promise<void> {
  if (await isUsedUp(ctx, "members")) throw refuseField("members-full", field);
}

/** Take the place of a member; of any number that come at once, no more have one than there are. */
export async function takePlace(ctx: Ctx, field: string): Promise<void> {
  if (!(await takeOf(ctx, "members"))) throw refuseField("members-full", field);
}

/** Leave a place that nobody came to. */
export function leavePlace(ctx: Ctx): Promise<void> {
  return giveBack(ctx, "members");
}

/** Refuses, beside `field`, when no mail can be sent today: it would be waited for in vain. */
export async function assertMailsLeft(ctx: Ctx, field: string): Promise<void> {
  if (await isUsedUp(ctx, "mails")) throw refuseField("mails-used-up", field);
}
