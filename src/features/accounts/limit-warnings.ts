import { z } from "zod";
import { utcDayOf } from "../../drivers/clock.js";
import {
  defineJob,
  limitNear,
  limitsChanged,
  nearnessOf,
  nearnessSchema,
  on,
  recountUsage,
  warnOfUsed,
  type Ctx,
  type ScheduleDef,
} from "../../kit/index.js";
import { letter } from "./accounts.jobs.js";
import { accountOf, accountsCollection } from "./accounts.js";
import { administratorsOf } from "./administrators.js";

/** Far more administrators than any instance has. */
const most = 100;
const megabyte = 1e6;

/**
 * Tell one administrator by mail how much of a limit was used on the day on which it came near. Of mails they
 * are told on that day or not at all: a warning that waited for the next day's would use these up in its turn.
 */
export const warnOfLimit = defineJob({
  name: "accounts.warn-of-limit",
  queue: "mail",
  payload: nearnessSchema.extend({ memberId: z.string() }),
  async run(ctx, { memberId, what, used, limit, on: day }) {
    const account = await accountOf(ctx, memberId);
    // Of another limit that took its place meanwhile, administrators hear when that comes near.
    if (account === null || account.suspendedAt !== null || ctx.limits[what] !== limit) return;
    if (what === "mails" && day !== utcDayOf(ctx.clock.now())) return;
    const isFull = nearnessOf({ what, used, limit }) === "full";
    const unit = what === "storage" ? megabyte : 1;
    const { t } = ctx.inLanguage(account.language);
    await letter(ctx, account, `accounts.letters.limit-${what}${isFull ? "-full" : ""}`, {
      ...{ used: Math.round(used / unit), limit: Math.round(limit / unit) },
      day: t.formatDate(new Date(`${day}T12:00:00Z`)),
    });
  },
});

/** An instance comes near one of its limits: whoever administrates it hears of it before it is met. */
export const warnAdministrators = on(
  limitNear,
  "warn-administrators",
  async (ctx, { stamp, ...nearness }) => {
    const admins = [...(await administratorsOf(ctx))].slice(0, most);
    const items = admins.map((memberId) => ({
      payload: { memberId, ...nearness },
      options: { id: `limit/${stamp}/${memberId}` },
    }));
    await ctx.enqueueAll(warnOfLimit, items);
  },
);

/** A limit is set near to what is used, or below: whoever administrates the instance hears of it at once. */
export const lookAtLimits = on(limitsChanged, "look-at-limits", warnOfUsed);

/** Count the members whose address is confirmed, where a crash has left the figure wrong. */
function recountMembers(ctx: Ctx): Promise<void> {
  return recountUsage(ctx, "members", async () => {
    let found = 0;
    const rows = ctx.collection(accountsCollection).find({}, { projection: { confirmedAt: 1 } });
    for await (const { confirmedAt } of rows) if (confirmedAt !== null) found += 1;
    return found;
  });
}

/** Once a day the members are counted anew. */
export const recountSchedule: ScheduleDef = {
  ...{ key: "accounts-recount", cron: "37 3 * * *" },
  job: defineJob({
    name: "accounts.recount",
    payload: z.object({}),
    run: recountMembers,
  }) as ScheduleDef["job"],
};
