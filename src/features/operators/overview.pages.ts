import type { Condition } from "../../hosting/health.js";
import type { StatusView } from "../../kit/component-models.js";
import { definePage, type Ctx } from "../../kit/index.js";
import { badgeOf, frameOf, type Level, type OperatorPage } from "./frame.js";
import { journalLine, type JournalLine } from "./journal.js";
import { journalPath } from "./journal.pages.js";
import { lookOver, type Overview } from "./overview.js";
import type { Figures, Totals } from "./figures.js";
import type { Operators } from "./operators.js";
import type { OperatorParts } from "./parts.js";

/** Something with its state or its figure. */
interface FactView {
  readonly label: string;
  readonly value: string;
}

/** How the deployment does: for operators. */
export interface OverviewPage extends OperatorPage {
  readonly health: ReadonlyArray<{
    readonly label: string;
    readonly badge: StatusView;
    /** What it means while it is not well; null while it is. */
    readonly note: string | null;
  }>;
  readonly disk: { readonly badge: StatusView; readonly facts: readonly FactView[] };
  readonly versions: readonly FactView[];
  readonly processes: ReadonlyArray<{ readonly what: string; readonly where: string }>;
  /** What was done last, and where all of it is. */
  readonly journal: readonly JournalLine[];
  readonly wholeJournal: string;
}

export const overviewPage = definePage<OverviewPage>("operators/overview");

const mostEntries = 5;

/** How a condition is told: its level, the word for it, and the end of the key of what it means. */
const told = {
  well: ["ok", "true", null],
  full: ["fail", "full", "Full"],
  away: ["fail", "false", "Away"],
} as const satisfies Record<Condition, readonly [Level, string, string | null]>;

/** Gather the overview. */
export async function overviewModel(
  ctx: Ctx,
  parts: OperatorParts,
  { operators, figures }: { readonly operators: Operators; readonly figures: Figures },
): Promise<OverviewPage> {
  const [seen, totals, entries] = await Promise.all([
    lookOver(parts),
    figures.totals(),
    operators.journal({ limit: mostEntries }),
  ]);
  return {
    ...frameOf(ctx, "overview"),
    health: (["store", "queue"] as const).map((what) => healthView(ctx, what, seen)),
    disk: diskView(ctx, seen, totals),
    versions: versionViews(ctx, parts, totals),
    processes: seen.processes.map(({ what, machine, pid }) => ({
      what: processText(ctx, what),
      where: ctx.t.t("operators.overview.processOn", { machine, pid }),
    })),
    journal: entries.map((entry) => journalLine(ctx.t, entry)),
    wholeJournal: journalPath,
  };
}

/** Processes say in English what they are, to whoever has to stop them on a command line. */
export function processText(ctx: Ctx, what: string): string {
  const t = (key: string, params = {}): string => ctx.t.t(`operators.overview.${key}`, params);
  const role = /^server \((all|web|worker)\)$/.exec(what)?.[1];
  if (role !== undefined) return t("present.server", { role: t(`roles.${role}`) });
  return what === "command" ? t("present.command") : t("present.named", { name: what });
}

function healthView(ctx: Ctx, what: "store" | "queue", { conditions }: Overview) {
  const { [what]: condition } = conditions;
  const t = (key: string): string => ctx.t.t(`operators.${key}`);
  const [level, answer, note] = told[condition];
  return {
    label: t(`overview.${what}`),
    badge: badgeOf(ctx, level, t(`answers.${answer}`)),
    note: note === null ? null : t(`overview.${what}${note}`),
  };
}

function diskView(
  ctx: Ctx,
  { disk, storeBytes }: Overview,
  totals: Totals | null,
): OverviewPage["disk"] {
  const t = (key: string, params = {}): string => ctx.t.t(`operators.overview.${key}`, params);
  const bytes = (size: number | null): string =>
    size === null ? t("notKnown") : ctx.t.formatBytes(size);
  const free =
    disk === null
      ? t("notKnown")
      : t("freeOf", { free: bytes(disk.free), total: bytes(disk.total) });
  return {
    badge: badgeOf(ctx, disk?.level ?? "unknown"),
    facts: [
      { label: t("free"), value: free },
      { label: t("database"), value: bytes(storeBytes) },
      { label: t("pictures"), value: bytes(totals?.storage ?? null) },
    ],
  };
}

function versionViews(ctx: Ctx, { deployment }: OperatorParts, totals: Totals | null) {
  const t = (key: string): string => ctx.t.t(`operators.overview.${key}`);
  const counted = (count: number | undefined): string =>
    count === undefined ? t("notKnown") : ctx.t.formatNumber(count);
  return [
    { label: "Parvis", value: deployment.version },
    { label: "Node.js", value: process.versions.node },
    { label: t("store"), value: t(`stores.${deployment.store}`) },
    { label: t("queue"), value: t(`queues.${deployment.queue}`) },
    { label: t("role"), value: t(`roles.${deployment.role}`) },
    { label: t("instances"), value: counted(totals?.instances) },
    { label: t("members"), value: counted(totals?.members) },
  ];
}
