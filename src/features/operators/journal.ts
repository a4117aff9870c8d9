import { readableHost } from "../../hosting/host-search.js";
import { limitedThings, type Ctx, type LimitChanges } from "../../kit/index.js";
import { limitText } from "./instance-view.js";
import type { Deed, Doer, JournalEntry } from "./operator.js";

/** A line of the journal in words. */
export interface JournalLine {
  readonly at: Date;
  readonly who: string;
  readonly what: string;
  readonly about: string;
  /** That it changed nothing; null when it did, as far as is known. */
  readonly note: string | null;
}

type Words = Ctx["t"];

/** Put a line of the journal into words. */
export function journalLine(t: Words, { at, by, deed, isVain }: JournalEntry): JournalLine {
  return {
    ...{ at, who: nameOf(t, by), what: t.t(`operators.acts.${deed.act}`) },
    about: aboutOf(t, deed),
    note: isVain === true ? t.t("operators.journal.vain") : null,
  };
}

function nameOf(t: Words, by: Doer): string {
  return by === null ? t.t("operators.commandLine") : `${by.name} (${readableHost(by.host)})`;
}

function aboutOf(t: Words, deed: Deed): string {
  const host = "host" in deed ? readableHost(deed.host) : "";
  switch (deed.act) {
    case "operator-granted":
    case "operator-revoked":
      return `${deed.name} (${host})`;
    case "job-retried":
    case "job-dropped":
      return `${deed.id} (${t.t(`operators.queues.names.${deed.queue}`)})`;
    case "jobs-retried":
    case "jobs-dropped":
      return `${deed.kind} (${t.t(`operators.queues.names.${deed.queue}`)})`;
    case "instance-suspended":
    case "instance-explained":
      return deed.reason === "" ? host : `${host} (${deed.reason})`;
    case "instance-limited":
      return `${host} (${limitsIn(t, deed.limits)})`;
    case "instance-deleted":
      return `${host} (${t.t("operators.journal.grace", { count: deed.graceDays })})`;
    case "instance-resumed":
    case "instance-undeleted":
      return host;
  }
}

function limitsIn(t: Words, limits: LimitChanges): string {
  const parts = limitedThings.flatMap((what) => {
    const limit = limits[what];
    if (limit === undefined) return [];
    const name = t.t(`operators.journal.limits.${what}`);
    const most = typeof limit === "number" ? limitText(t, what, limit) : null;
    return [`${name} ${most ?? t.t(`operators.journal.${limit ?? "none"}`)}`];
  });
  return t.formatList(parts);
}
