import { z } from "zod";
import type { StatusView } from "../../kit/component-models.js";
import {
  checkbox,
  defineForm,
  definePage,
  formView,
  head,
  line,
  untouched,
  type Ctx,
  type FormView,
  type PageModel,
  type Typed,
} from "../../kit/index.js";
import type { Imported } from "../policy/csv.js";
import { readSettings } from "../policy/policy.js";
import { modes, type Block, type Mode, type Settings } from "../policy/records.js";
import { listAllowed, listBlocks } from "../policy/rules.js";

/** Where the page is. */
export const settingsPath = "/admin/network/settings";

const key = (name: string): string => `network.settings.${name}`;

/** With whom the site exchanges. */
export const modeForm = defineForm(
  {
    mode: z.enum(modes),
    signedReads: checkbox(),
    fromMode: z.enum(modes),
    fromSigned: checkbox(),
    confirmed: checkbox(),
  },
  { labels: { mode: key("modes.label") } },
);

/** A site to put on the list. */
export const allowForm = defineForm(
  { host: line(1, 300) },
  { labels: { host: key("allowed.host") } },
);

/** Whom to block or limit. */
export const blockForm = defineForm(
  {
    who: line(1, 300),
    severity: z.enum(["blocked", "limited"]),
    publicReason: line(0, 500),
    privateReason: line(0, 500),
  },
  {
    labels: {
      who: key("blocks.who"),
      severity: key("blocks.severity"),
      publicReason: key("blocks.publicReason"),
      privateReason: key("blocks.privateReason"),
    },
  },
);

/** A list of blocks to take over: a file. */
export const csvForm = defineForm({}, { labels: { list: key("csv.file") } });

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint: string | null;
}

/** With whom a site exchanges: for admins. */
export interface SettingsPage extends PageModel {
  readonly modeForm: FormView;
  /** How the site stood to the network when the form was begun. */
  readonly from: Settings;
  readonly modes: readonly Choice[];
  readonly signedReads: boolean;
  readonly allowForm: FormView;
  /** Whether the list of allowed sites counts now, in words. */
  readonly listStands: string;
  readonly allowed: readonly { readonly host: string; readonly since: Date }[];
  readonly moreAllowed: string | null;
  readonly blockForm: FormView;
  readonly severities: readonly Choice[];
  readonly blocks: readonly BlockView[];
  readonly moreBlocks: string | null;
  readonly csvForm: FormView;
  readonly imported: { readonly text: string; readonly lines: readonly string[] } | null;
  /** Back to the first pages; null when there. */
  readonly start: string | null;
  readonly errors: FormView["errors"];
}

interface BlockView {
  readonly who: string;
  readonly badge: StatusView;
  readonly since: Date;
  readonly publicReason: string | null;
  readonly privateReason: string | null;
}

export const settingsPage = definePage<SettingsPage>("network/settings");

/** What closing means, and the button that does it. */
export interface ClosePage extends PageModel {
  readonly signedReads: boolean;
  /** How the site stood to the network when the form was begun. */
  readonly from: Settings;
}

export const closePage = definePage<ClosePage>("network/close");

/** The page that asks once more. */
export function closeModel(ctx: Ctx, signedReads: boolean, from: Settings): ClosePage {
  return { head: head(ctx.t.t(key("close.title")), { noIndex: true }), signedReads, from };
}

/** What is shown beside what is stored: what was typed, and what came of an import. */
export interface Shown {
  readonly after?: string | undefined;
  readonly allowedAfter?: string | undefined;
  readonly mode?: Typed;
  readonly allow?: Typed;
  readonly block?: Typed;
  readonly csv?: Typed;
  readonly imported?: Imported;
}

/** Gather the page. */
export async function settingsModel(ctx: Ctx, shown: Shown): Promise<SettingsPage> {
  const t = (name: string): string => ctx.t.t(key(name));
  const [stored, allowed, blocks] = await Promise.all([
    readSettings(ctx),
    listAllowed(ctx, shown.allowedAfter ?? null),
    listBlocks(ctx, shown.after ?? null),
  ]);
  const { mode, signedReads } = stored;
  const forms = formsOf(ctx, shown, mode);
  const isFirst = shown.after === undefined && shown.allowedAfter === undefined;
  return {
    head: head(t("title"), { noIndex: true }),
    ...forms,
    errors: [forms.modeForm, forms.allowForm, forms.blockForm, forms.csvForm].flatMap(
      ({ errors }) => errors,
    ),
    modes: modes.map((value) => ({
      ...{ value, label: t(`modes.${value}`), hint: t(`modes.${value}Hint`) },
    })),
    ...{ signedReads, from: { mode, signedReads } },
    listStands: t(`allowed.${stands[mode]}`),
    allowed: allowed.items.map(({ host, at }) => ({ host, since: at })),
    moreAllowed: moreAt("allowedAfter", allowed.next, "allowed"),
    severities: (["blocked", "limited"] as const).map((value) => ({
      ...{ value, label: t(`blocks.${value}`), hint: null },
    })),
    blocks: blocks.items.map((row) => blockView(ctx, row)),
    moreBlocks: moreAt("after", blocks.next, "blocks"),
    imported: shown.imported === undefined ? null : importedView(ctx, shown.imported),
    start: isFirst ? null : settingsPath,
  };
}

const stands = { open: "notInForce", "allow-list": "inForce", closed: "isClosed" } as const;

function formsOf(ctx: Ctx, { mode, allow, block, csv }: Shown, now: Mode) {
  return {
    modeForm: formView(modeForm, asItStands(mode, now), ctx.t),
    allowForm: formView(allowForm, allow ?? untouched(), ctx.t),
    blockForm: formView(blockForm, block ?? untouched({ severity: "blocked" }), ctx.t),
    csvForm: formView(csvForm, csv ?? untouched(), ctx.t),
  };
}

/** Where somebody else was faster, what they set is shown to choose from anew. */
function asItStands(typed: Typed | undefined, mode: Mode): Typed {
  const raced = typed?.errors.some(({ key: said }) => said === key("errors.meanwhile")) === true;
  if (typed === undefined) return untouched({ mode });
  return raced ? { ...typed, values: { mode } } : typed;
}

function moreAt(name: string, cursor: string | null, part: string): string | null {
  return cursor === null ? null : `${settingsPath}?${name}=${cursor}#${part}`;
}

function blockView(ctx: Ctx, { who, severity = "blocked", at, ...reasons }: Block): BlockView {
  const said = (name: string, reason: string | undefined): string | null =>
    (reason ?? "") === "" ? null : ctx.t.t(key(`blocks.${name}`), { reason: reason ?? "" });
  return {
    ...{ who, since: at },
    badge: {
      code: severity === "blocked" ? "declined" : "under-study",
      label: ctx.t.t(key(`blocks.states.${severity}`)),
    },
    publicReason: said("publicly", reasons.publicReason),
    privateReason: said("privately", reasons.privateReason),
  };
}

/** Bad lines named one by one, as far as anybody reads them. */
const mostNamed = 50;

function importedView(ctx: Ctx, { taken, skipped }: Imported) {
  const done = ctx.t.t(key("csv.done"), { count: taken });
  const count = skipped.length;
  const text = count === 0 ? done : `${done} ${ctx.t.t(key("csv.skipped"), { count })}`;
  const lines = skipped
    .slice(0, mostNamed)
    .map(({ line: at, why }) =>
      ctx.t.t(key("csv.line"), { line: at, why: ctx.t.t(key(`csv.why.${why}`)) }),
    );
  return { text, lines };
}
