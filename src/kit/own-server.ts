import type { Ctx } from "./context.js";
import { networkHandle } from "./instance.js";

/** What somebody can do here from an account of theirs on another server. */
export type RemoteAct = "support" | "comment" | "follow";

/** Every such act. */
export const remoteActs = ["support", "comment", "follow"] as const satisfies readonly RemoteAct[];

/** The ways from a page to one's own server (partial `interact/_own-server`). */
export interface OwnServerView {
  readonly acts: ReadonlyArray<{
    readonly act: RemoteAct;
    readonly text: string;
    readonly url: string;
  }>;
  /** Where another server than the remembered one is chosen. */
  readonly otherUrl: string;
}

/** Where one goes on to one's own server for what is at `path` of this site. */
export function ownServerPath(path: string, act: RemoteAct): string {
  return `/interact?${new URLSearchParams({ on: path, to: act })}`;
}

/**
 * The acts that what is at `path` offers to people of other servers; null where none can work, since
 * the instance is closed or does not talk with the home of it (`home`, for what is of elsewhere).
 */
export async function ownServer(
  ctx: Ctx,
  path: string,
  {
    acts,
    home = ctx.instance.url(path),
  }: { acts: readonly RemoteAct[]; home?: string | undefined },
): Promise<OwnServerView | null> {
  if ((await ctx.unwanted([home])).size > 0) return null;
  const [first = "follow"] = acts;
  return {
    acts: acts.map((act) => ({
      ...{ act, url: ownServerPath(path, act) },
      text: ctx.t.t(`interact.acts.${act}`),
    })),
    otherUrl: `${ownServerPath(path, first)}&other=1`,
  };
}

/** What something of this site is followed by from elsewhere, `@name@host`; null while it is closed. */
export async function followHandle(ctx: Ctx, name: string): Promise<string | null> {
  const own = ctx.instance.url("/");
  return (await ctx.unwanted([own])).size > 0 ? null : networkHandle(ctx.instance, name);
}
