import type { LinkChoice, StatusView } from "../../kit/component-models.js";
import { head, type Ctx, type PageModel } from "../../kit/index.js";
import { operatorPath } from "./operator.js";

/** What every page for operators shows. */
export interface OperatorPage extends PageModel {
  readonly tabs: readonly LinkChoice[];
}

/** The operators' pages, by the last part of their address. */
export const places = ["overview", "queues", "mail", "instances"] as const;

type Place = (typeof places)[number];

/** Where one of the pages is. */
export function pathOf(place: Place): string {
  return place === "overview" ? operatorPath : `${operatorPath}/${place}`;
}

/** Title and tabs of one of the pages. */
export function frameOf(ctx: Ctx, place: Place): OperatorPage {
  return {
    head: head(ctx.t.t(`operators.${place}.title`), { noIndex: true }),
    tabs: places.map((one) => ({
      text: ctx.t.t(`operators.tabs.${one}`),
      url: pathOf(one),
      current: one === place,
      count: null,
    })),
  };
}

/** How well something is, with its word. */
export type Level = "ok" | "warn" | "fail" | "unknown";

const codes = {
  ok: "accepted",
  warn: "under-study",
  fail: "declined",
  unknown: "open",
} as const satisfies Record<Level, StatusView["code"]>;

/** The badge of a level, in the words of `operators.levels` unless others are given. */
export function badgeOf(ctx: Ctx, level: Level, label?: string): StatusView {
  return { code: codes[level], label: label ?? ctx.t.t(`operators.levels.${level}`) };
}
