import type { Ctx } from "../../kit/index.js";

/**
 * Whether an admin limited what a server may do here, so that all it says waits for a moderator. No
 * page limits servers yet: they are open or blocked, and a blocked one does not get this far.
 */
export function isLimitedHost(_ctx: Ctx, _host: string): Promise<boolean> {
  return Promise.resolve(false);
}
