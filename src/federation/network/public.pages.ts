import {
  definePage,
  get,
  head,
  page,
  type Ctx,
  type PageModel,
  type Route,
} from "../../kit/index.js";
import { readSettings } from "../policy/policy.js";
import { listAllowed, listBlocks } from "../policy/rules.js";

/** Where everybody reads with whom the site exchanges. */
const publicPath = "/network";

/** With whom the site exchanges, and with whom it does not, and why. */
export interface PublicPage extends PageModel {
  readonly mode: string;
  readonly allowed: readonly string[];
  readonly blocks: ReadonlyArray<{
    readonly who: string;
    readonly how: string;
    readonly reason: string | null;
  }>;
  readonly next: string | null;
  readonly nextAllowed: string | null;
}

export const publicPage = definePage<PublicPage>("network/public");

/** Gather the page. Single actors are not named: they are people. */
export async function publicModel(
  ctx: Ctx,
  { after, allowedAfter }: { readonly after?: string; readonly allowedAfter?: string },
): Promise<PublicPage> {
  const t = (name: string): string => ctx.t.t(`network.public.${name}`);
  const { mode } = await readSettings(ctx);
  const [allowed, blocks] = await Promise.all([
    mode === "allow-list" ? listAllowed(ctx, allowedAfter ?? null) : null,
    listBlocks(ctx, after ?? null),
  ]);
  const at = (name: string, cursor: string | null | undefined): string | null =>
    cursor == null ? null : `${publicPath}?${name}=${cursor}`;
  return {
    head: head(t("title"), { description: t(`modes.${mode}`), canonical: publicPath }),
    mode: t(`modes.${mode}`),
    allowed: allowed?.items.map(({ host }) => host) ?? [],
    blocks: blocks.items
      .filter(({ who }) => !who.includes("/"))
      .map(({ who, severity = "blocked", publicReason = "" }) => ({
        ...{ who, how: t(severity), reason: publicReason === "" ? null : publicReason },
      })),
    next: at("after", blocks.next),
    nextAllowed: at("allowedAfter", allowed?.next),
  };
}

/** The page for everybody. */
export const publicRoutes: readonly Route[] = [
  get(publicPath, async (ctx, req) => page(publicPage, await publicModel(ctx, req.query))),
];
