import { troubleKind } from "../../drivers/mail/failure.js";
import { senderLevel } from "../../drivers/mail/sender-domain.js";
import type { DeploymentFacts } from "../../hosting/deployment-facts.js";
import type { MailLedger, MailTrouble } from "../../hosting/mail-ledger.js";
import type { StatusView } from "../../kit/component-models.js";
import { definePage, type Ctx } from "../../kit/index.js";
import { badgeOf, frameOf, pathOf, type OperatorPage } from "./frame.js";
import type { MailCheck, MailChecking } from "./mail-check.js";

/** Something that was looked at. */
interface SeenView {
  readonly label: string;
  readonly badge: StatusView;
  readonly note: string | null;
}

/** How mails leave, and what became of them: for operators. */
export interface MailPage extends OperatorPage {
  readonly action: string;
  /** By what way mails leave, and from which domain. */
  readonly way: string;
  readonly domain: string;
  readonly isUnderWay: boolean;
  readonly check: { readonly at: Date; readonly seen: readonly SeenView[] } | null;
  readonly days: ReadonlyArray<{
    readonly day: Date;
    readonly sent: number;
    readonly deferred: number;
    readonly failed: number;
  }>;
  readonly troubles: ReadonlyArray<{
    readonly domain: string;
    readonly at: Date;
    readonly badge: StatusView;
    readonly why: string;
    /** The codes that the mail server gave, or the connection came to. */
    readonly codes: string;
    /** How often it was tried. */
    readonly tries: string;
  }>;
}

export const mailPage = definePage<MailPage>("operators/mail");

/** What the page of mails is made of. */
export interface MailParts {
  readonly ledger: MailLedger;
  readonly checking: MailChecking;
  readonly deployment: DeploymentFacts;
}

const shownDays = 30;
const mostTroubles = 50;
const dayMs = 86_400_000;

/** Gather the page. Nothing outside is asked for it. */
export async function mailModel(ctx: Ctx, parts: MailParts): Promise<MailPage> {
  const { ledger, checking, deployment } = parts;
  const since = new Date(ctx.clock.now().getTime() - shownDays * dayMs);
  const [days, troubles, { check, isUnderWay }] = await Promise.all([
    ledger.days(since),
    ledger.troubles(mostTroubles),
    checking.last(ctx),
  ]);
  return {
    ...frameOf(ctx, "mail"),
    action: pathOf("mail"),
    way: ctx.t.t(`operators.mail.ways.${deployment.mail}`),
    domain: deployment.senderDomain,
    isUnderWay,
    check: check === null ? null : { at: check.at, seen: seenViews(ctx, check, deployment.mail) },
    days: days.map(({ day, sent = 0, deferred = 0, failed = 0 }) => ({
      ...{ day, sent, deferred, failed },
    })),
    troubles: troubles.map((trouble) => troubleView(ctx, trouble)),
  };
}

function seenViews(
  ctx: Ctx,
  { takes, code, sender }: MailCheck,
  way: DeploymentFacts["mail"],
): SeenView[] {
  const t = (key: string): string => ctx.t.t(`operators.mail.${key}`);
  const where = way === "smtp" ? "server" : "folder";
  const server: SeenView = {
    label: t(where),
    badge: badgeOf(ctx, takes ? "ok" : "fail", ctx.t.t(`operators.answers.${takes}`)),
    note: takes ? null : `${t(`${where}Away`)}${code === null ? "" : ` (${code})`}`,
  };
  const dkim: SeenView = {
    ...{ label: "DKIM", badge: badgeOf(ctx, "unknown") },
    note: t("dkim"),
  };
  if (sender === null) {
    return [server, { label: t("records"), badge: badgeOf(ctx, "unknown"), note: t("notPublic") }];
  }
  const record = (what: "spf" | "dmarc"): SeenView => ({
    label: what.toUpperCase(),
    badge: badgeOf(ctx, senderLevel(sender[what])),
    note: t(`${what}.${sender[what]}`),
  });
  return [server, record("spf"), record("dmarc"), dkim];
}

function troubleView(ctx: Ctx, trouble: MailTrouble): MailPage["troubles"][number] {
  const { _id, at, permanent, status, enhanced, code, tries } = trouble;
  const outcome = permanent ? "failed" : "deferred";
  const codes = status === null ? [code] : [String(status), enhanced];
  return {
    ...{ domain: _id, at },
    badge: badgeOf(ctx, permanent ? "fail" : "warn", ctx.t.t(`operators.mail.outcomes.${outcome}`)),
    why: ctx.t.t(`operators.mail.why.${troubleKind(trouble)}`),
    codes: codes
      .slice(0, status === null ? 3 : 2)
      .flat()
      .join(" "),
    tries: ctx.t.t("operators.mail.tries", { count: tries }),
  };
}
