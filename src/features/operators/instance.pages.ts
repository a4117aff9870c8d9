import { mostGraceDays, mostReason, usualGraceDays } from "../../hosting/closing.js";
import { readableHost } from "../../hosting/host-search.js";
import {
  definePage,
  formView,
  head,
  limitedThings,
  untouched,
  type Ctx,
  type FormView,
  type Instance,
  type Typed,
} from "../../kit/index.js";
import { frameOf, type OperatorPage } from "./frame.js";
import type { InstanceFigures } from "./figures.js";
import { possibleActs, type InstanceAct } from "./instance-acts.js";
import {
  choiceField,
  limitChoices,
  limitShown,
  limitTyped,
  shownField,
  wishForm,
  type LimitChoice,
} from "./instance.forms.js";
import { journalOf } from "./journal.pages.js";
import { instancePath, instanceView, limitText, type InstanceView } from "./instance-view.js";
import type { OperatorParts } from "./parts.js";

/** A limit, as its part of the form shows it. */
interface LimitField {
  /** The field of an own limit, and the one that says whether there is any. */
  readonly name: string;
  readonly choiceName: string;
  readonly choiceLabel: string;
  readonly valueLabel: string;
  readonly choices: ReadonlyArray<{ readonly value: LimitChoice; readonly label: string }>;
  readonly choice: string;
  readonly value: string;
  /** The field that keeps the limit as it is shown, and what it keeps. */
  readonly shownName: string;
  readonly shown: string;
}

/** What can be done with an instance, and what its forms begin with. */
export interface InstanceActions {
  readonly action: string;
  readonly host: string;
  readonly may: Readonly<Record<InstanceAct, boolean>>;
  /** It is the one on which the operator is: it can be closed from the command line alone. */
  readonly isOwn: boolean;
  /** What its visitors read of why it is suspended, or what was typed for them. */
  readonly reason: string;
  readonly limits: readonly LimitField[];
  /** The host as it was typed to confirm a deletion. */
  readonly typedHost: string;
  readonly grace: string;
  /** What is wrong with what was typed. */
  readonly errors: FormView["errors"];
  readonly mostGraceDays: number;
  readonly mostReason: number;
}

/** What was begun with one of the buttons and refused: shown again, with nothing lost. */
export interface Begun {
  readonly act: InstanceAct;
  readonly typed: Typed;
}

interface Known {
  readonly instance: Instance;
  readonly figures: InstanceFigures | null;
  readonly begun: Begun | null;
}

/** One instance of the deployment, and what can be done with it: for operators. */
export interface InstancePage extends OperatorPage {
  readonly instance: InstanceView;
  /** What it uses, of what it may. */
  readonly usage: ReadonlyArray<{ readonly label: string; readonly value: string }>;
  readonly back: string;
  /** What operators did with it. */
  readonly journal: string;
  readonly actions: InstanceActions;
}

export const instancePage = definePage<InstancePage>("operators/instance");

/** Gather the page of one instance. */
export function instanceModel(
  ctx: Ctx,
  { limits }: Pick<OperatorParts, "limits">,
  { instance, figures, begun }: Known,
): InstancePage {
  const frame = frameOf(ctx, "instances");
  const view = instanceView(ctx, instance, { figures, limits });
  return {
    ...{ ...frame, head: head(instance.name, { noIndex: true }), instance: view },
    usage: limitedThings.map((what) => ({
      label: ctx.t.t(`operators.instances.${what}`),
      value: view.figures?.[what] ?? "",
    })),
    journal: journalOf(instance.host),
    back: frame.tabs.find(({ current }) => current)?.url ?? "",
    actions: actionsOf(ctx, { instance, begun, defaults: limits }),
  };
}

interface Acting extends Pick<Known, "instance" | "begun"> {
  readonly defaults: OperatorParts["limits"];
}

function actionsOf(ctx: Ctx, acting: Acting): InstanceActions {
  const { instance, begun } = acting;
  const acts = possibleActs(ctx, instance);
  const may = (act: InstanceAct): boolean => acts.includes(act);
  const now = begun?.typed.values ?? {};
  const { reason = instance.suspension?.reason ?? "" } = isReason(begun) ? now : {};
  const { host = "", grace = String(usualGraceDays) } = begun?.act === "delete" ? now : {};
  return {
    ...{
      action: instancePath(instance.host),
      host: readableHost(instance.host),
      mostReason,
      mostGraceDays,
    },
    may: {
      ...{ suspend: may("suspend"), explain: may("explain"), resume: may("resume") },
      ...{ limits: may("limits"), delete: may("delete"), undelete: may("undelete") },
    },
    isOwn: instance._id === ctx.instance._id,
    limits: limitedThings.map((what) => limitField(ctx, { ...acting, what })),
    ...{ reason, typedHost: host, grace },
    errors: formView(wishForm, begun?.typed ?? untouched(), ctx.t).errors,
  };
}

function isReason(begun: Begun | null): boolean {
  return begun?.act === "suspend" || begun?.act === "explain";
}

interface OneLimit extends Acting {
  readonly what: (typeof limitedThings)[number];
}

function limitField(ctx: Ctx, { what, instance, defaults, begun }: OneLimit): LimitField {
  const own = instance.limits?.[what];
  const t = (key: string, params = {}): string => ctx.t.t(`operators.instance.${key}`, params);
  const usual = defaults[what];
  const words = {
    default: t("choices.default", {
      limit: usual === null ? t("unlimited") : limitText(ctx.t, what, usual),
    }),
    none: t("choices.none"),
    own: t("choices.own"),
  };
  const stored = {
    [choiceField(what)]: own === undefined ? "default" : own === null ? "none" : "own",
    [what]: own == null ? "" : limitTyped(what, own),
    [shownField(what)]: limitShown(own === undefined ? "default" : own),
  };
  const values = begun?.act === "limits" ? begun.typed.values : stored;
  return {
    ...{ name: what, choiceName: choiceField(what) },
    ...{ choiceLabel: t(`limits.${what}`), valueLabel: t(`values.${what}`) },
    choices: limitChoices.map((value) => ({ value, label: words[value] })),
    ...{ choice: values[choiceField(what)] ?? "", value: values[what] ?? "" },
    ...{ shownName: shownField(what), shown: values[shownField(what)] ?? "" },
  };
}
