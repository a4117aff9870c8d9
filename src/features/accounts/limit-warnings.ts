import { z } from "zod";
import {
  defineJob,
  limitedThings,
  limitNear,
  on,
  recountUsage,
  usageOf,
  type Ctx,
  type ScheduleDef,
} from "../../kit/index.js";
import { letter } from "./accounts.jobs.js";
import { accountOf, accountsCollection } from "./accounts.js";
import { administratorsOf } from "./administrators.js";

/** Far more administrators than any instance has. */
const most = 100;
const megabyte = 1e6;

/** Tell one administrator by mail how much of a limit is used. */
export const warnOfLimit = defineJob({
  name: "accounts.warn-of-limit",
  payload: z.object({ memberId: z.string(), what: z.enum(limitedThings) }),
  async run(ctx, { memberId, what }) {
    const [account, usage] = await Promise.all([accountOf(ctx, memberId), usageOf(ctx)]);
    const limit = ctx.limits[what];
    if (account === null || account.suspendedAt !== null || limit === null) return;
    const unit = what === "storage" ? megabyte : 1;
    await letter(ctx, account, `accounts.letters.limit-${what}`, {
      ...{ used: Math.round(usage[what] / unit), limit: Math.round(limit / unit) },
    });
  },
});

/** An instance comes near one of its limits: whoever administrates it hears of it before it is met. */
export const warnAdministrators = on(
  limitNear,
  "warn-administrators",
  async (ctx, { what, stamp }) => {
    const admins = [...(await administratorsOf(ctx))].slice(0, most);
    const items = admins.map((memberId) => ({
      payload: { memberId, what },
      options: { id: `limit/${stamp}/${memberId}` },
    }));
    await ctx.enqueueAll(warnOfLimit, items);
  },
);

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
