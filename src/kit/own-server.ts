import type { Ctx } from "./context.js";

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

/** The acts that what is at `path` offers to people of other servers. */
export function ownServer(ctx: Ctx, path: string, acts: readonly RemoteAct[]): OwnServerView {
  const [first = "follow"] = acts;
  return {
    acts: acts.map((act) => ({
      ...{ act, url: ownServerPath(path, act) },
      text: ctx.t.t(`interact.acts.${act}`),
    })),
    otherUrl: `${ownServerPath(path, first)}&other=1`,
  };
}
