import { readGraceDays, readReason } from "../../hosting/closing.js";
import {
  limitedThings,
  Refusal,
  type LimitChanges,
  type Limited,
  type Req,
} from "../../kit/index.js";
import { instanceActs, type InstanceAct, type InstanceWish } from "./instance-acts.js";

/** What an instance's limit can be: the deployment's, none, or one of its own. */
export const limitChoices = ["default", "none", "own"] as const;

export type LimitChoice = (typeof limitChoices)[number];

/** What was typed cannot be done, and why. */
export interface Unclear {
  readonly unclear: "reason" | "limit" | "host" | "grace";
}

type Body = Req["body"];

const readers = {
  suspend: (body) => readReasonFor("suspend", body),
  explain: (body) => readReasonFor("explain", body),
  resume: () => ({ act: "resume" as const }),
  limits: readLimits,
  delete: readDeletion,
  undelete: () => ({ act: "undelete" as const }),
} satisfies Record<InstanceAct, (body: Body, host: string) => InstanceWish | Unclear>;

/** What somebody asks for with a button of an instance's page. Throws `not-found` for what it has none for. */
export function readWish(body: Body, host: string): InstanceWish | Unclear {
  const act = instanceActs.find((one) => one === body["act"]);
  if (act === undefined) throw new Refusal("not-found");
  return readers[act](body, host);
}

function readReasonFor(act: "suspend" | "explain", body: Body): InstanceWish | Unclear {
  const reason = readReason(textOf(body["reason"]));
  return reason === null ? { unclear: "reason" } : { act, reason };
}

function readDeletion(body: Body, host: string): InstanceWish | Unclear {
  if (textOf(body["host"]).toLowerCase() !== host) return { unclear: "host" };
  const graceDays = readGraceDays(textOf(body["grace"]));
  return graceDays === null ? { unclear: "grace" } : { act: "delete", graceDays };
}

/** Of the limits, those that are not as the form showed them: another operator's are left. */
function readLimits(body: Body): InstanceWish | Unclear {
  const limits: { [What in Limited]?: LimitChanges[What] } = {};
  for (const what of limitedThings) {
    const choice = limitChoices.find((one) => one === body[choiceField(what)]);
    if (choice === undefined) return { unclear: "limit" };
    const limit = choice === "own" ? readLimit(what, textOf(body[what])) : unlimited[choice];
    if (limit === undefined) return { unclear: "limit" };
    if (limitShown(limit) !== textOf(body[shownField(what)])) limits[what] = limit;
  }
  return { act: "limits", limits };
}

const unlimited = { default: "default", none: null } as const;

/** A limit as the form keeps what it showed. */
export function limitShown(limit: number | null | "default"): string {
  return limit === null ? "none" : String(limit);
}

/** The name of the field that keeps what the form showed. */
export function shownField(what: Limited): string {
  return `${what}Shown`;
}

/** The name of the field that says which limit is meant. */
export function choiceField(what: Limited): string {
  return `${what}Choice`;
}

const bytesInUnit = 1_000_000;

/** A limit in a form: pictures in megabytes, to the byte. */
export function limitTyped(what: Limited, most: number): string {
  return String(what === "storage" ? most / bytesInUnit : most);
}

function readLimit(what: Limited, typed: string): number | undefined {
  const plain = typed.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  if (what !== "storage") return /^\d{1,9}$/.test(plain) ? Number(plain) : undefined;
  if (!/^\d{1,8}(?:\.\d{1,6})?$/.test(plain)) return undefined;
  return Math.round(Number(plain) * bytesInUnit);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
