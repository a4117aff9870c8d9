import { mostGraceDays, mostReason, usualGraceDays } from "../../hosting/closing.js";
import { definePage, head, limitedThings, type Ctx, type Instance } from "../../kit/index.js";
import { frameOf, type OperatorPage } from "./frame.js";
import type { InstanceFigures } from "./figures.js";
import { possibleActs, type InstanceAct } from "./instance-acts.js";
import {
  choiceField,
  limitChoices,
  limitShown,
  limitTyped,
  shownField,
  type LimitChoice,
} from "./instance.forms.js";
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
  readonly choice: LimitChoice;
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
  /** What its visitors read of why it is suspended. */
  readonly reason: string;
  readonly limits: readonly LimitField[];
  readonly graceDays: number;
  readonly mostGraceDays: number;
  readonly mostReason: number;
}

/** One instance of the deployment, and what can be done with it: for operators. */
export interface InstancePage extends OperatorPage {
  readonly instance: InstanceView;
  /** What it uses, of what it may. */
  readonly usage: ReadonlyArray<{ readonly label: string; readonly value: string }>;
  readonly back: string;
  readonly actions: InstanceActions;
}

export const instancePage = definePage<InstancePage>("operators/instance");

/** Gather the page of one instance. */
export function instanceModel(
  ctx: Ctx,
  { limits }: Pick<OperatorParts, "limits">,
  { instance, figures }: { readonly instance: Instance; readonly figures: InstanceFigures | null },
): InstancePage {
  const frame = frameOf(ctx, "instances");
  const view = instanceView(ctx, instance, { figures, limits });
  return {
    ...{ ...frame, head: head(instance.name, { noIndex: true }), instance: view },
    usage: limitedThings.map((what) => ({
      label: ctx.t.t(`operators.instances.${what}`),
      value: view.figures?.[what] ?? "",
    })),
    back: frame.tabs.find(({ current }) => current)?.url ?? "",
    actions: actionsOf(ctx, instance, limits),
  };
}

function actionsOf(
  ctx: Ctx,
  instance: Instance,
  defaults: OperatorParts["limits"],
): InstanceActions {
  const acts = possibleActs(ctx, instance);
  const may = (act: InstanceAct): boolean => acts.includes(act);
  return {
    ...{ action: instancePath(instance.host), host: instance.host, mostReason, mostGraceDays },
    may: {
      ...{ suspend: may("suspend"), explain: may("explain"), resume: may("resume") },
      ...{ limits: may("limits"), delete: may("delete"), undelete: may("undelete") },
    },
    isOwn: instance._id === ctx.instance._id,
    reason: instance.suspension?.reason ?? "",
    limits: limitedThings.map((what) => limitField(ctx, { what, instance, defaults })),
    graceDays: usualGraceDays,
  };
}

interface OneLimit {
  readonly what: (typeof limitedThings)[number];
  readonly instance: Instance;
  readonly defaults: OperatorParts["limits"];
}

function limitField(ctx: Ctx, { what, instance, defaults }: OneLimit): LimitField {
  const own = instance.limits?.[what];
  const t = (key: string, params = {}): string => ctx.t.t(`operators.instance.${key}`, params);
  const usual = defaults[what];
  const words = {
    default: t("choices.default", {
      limit: usual === null ? t("unlimited") : limitText(ctx, what, usual),
    }),
    none: t("choices.none"),
    own: t("choices.own"),
  };
  return {
    ...{ name: what, choiceName: choiceField(what) },
    ...{ choiceLabel: t(`limits.${what}`), valueLabel: t(`values.${what}`) },
    choices: limitChoices.map((value) => ({ value, label: words[value] })),
    choice: own === undefined ? "default" : own === null ? "none" : "own",
    value: own == null ? "" : limitTyped(what, own),
    ...{ shownName: shownField(what), shown: limitShown(own === undefined ? "default" : own) },
  };
}
