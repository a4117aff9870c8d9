import { readableHost } from "../../hosting/host-search.js";
import type { Instances } from "../../hosting/instances.js";
import {
  definePage,
  head,
  packCursor,
  sliceOf,
  unpackCursor,
  type Ctx,
  type Req,
} from "../../kit/index.js";
import { frameOf, pathOf, type OperatorPage } from "./frame.js";
import { instanceAsked } from "./instance-asked.js";
import { journalLine, type JournalLine } from "./journal.js";
import { operatorPath } from "./operator.js";
import type { Operators } from "./operators.js";

/** What operators did: for operators. */
export interface JournalPage extends OperatorPage {
  readonly entries: readonly JournalLine[];
  /** The instance about which alone it tells, as its people know it; null for all. */
  readonly host: string | null;
  readonly back: string;
  readonly next: string | null;
  /** Back to the newest of all; null when there. */
  readonly start: string | null;
}

/** Where the page is, behind the overview. */
export const journalPath = `${operatorPath}/journal`;

/** Where it tells about one instance alone. */
export function journalOf(host: string): string {
  return `${journalPath}?${new URLSearchParams({ host }).toString()}`;
}

export const journalPage = definePage<JournalPage>("operators/journal");

const pageSize = 25;

/** What the page is made of. */
interface JournalParts {
  readonly operators: Pick<Operators, "journal">;
  readonly instances: Pick<Instances, "byHost">;
}

/**
 * Gather a page of the journal, the newest first. Throws `not-found` for a place that was never handed out, and
 * for a host that no instance has or had: that nothing was changed there would calm whoever mistyped it.
 */
export async function journalModel(
  ctx: Ctx,
  { operators, instances }: JournalParts,
  { query }: Pick<Req, "query">,
): Promise<JournalPage> {
  const cursor = query["after"];
  const before = cursor === undefined ? null : String(unpackCursor(cursor, 1)[0]);
  const asked = query["host"] ?? "";
  const host = asked === "" ? null : (await instanceAsked(instances, asked)).host;
  const found = await operators.journal({ limit: pageSize + 1, before, host });
  const { items, next } = sliceOf(found, pageSize, ({ _id }) => packCursor([_id]));
  return {
    ...frameOf(ctx, "overview"),
    head: head(ctx.t.t("operators.journal.title"), { noIndex: true }),
    back: pathOf("overview"),
    entries: items.map((entry) => journalLine(ctx.t, entry)),
    host: host === null ? null : readableHost(host),
    next:
      next === null
        ? null
        : `${host === null ? `${journalPath}?` : `${journalOf(host)}&`}after=${next}`,
    start: before === null && host === null ? null : journalPath,
  };
}
