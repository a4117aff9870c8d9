import { z } from "zod";
import { asciiHost } from "../../drivers/web-address.js";
import { mostGraceDays, mostReason, readGraceDays, readReason } from "../../hosting/closing.js";
import {
  defineForm,
  limitedThings,
  Refusal,
  type FieldError,
  type LimitChanges,
  type Limited,
  type Req,
} from "../../kit/index.js";
import { instanceActs, type InstanceAct, type InstanceWish } from "./instance-acts.js";

/** What an instance's limit can be: the deployment's, none, or one of its own. */
export const limitChoices = ["default", "none", "own"] as const;

export type LimitChoice = (typeof limitChoices)[number];

/** The name of the field that keeps what the form showed. */
export function shownField(what: Limited): string {
  return `${what}Shown`;
}

/** The name of the field that says which limit is meant. */
export function choiceField(what: Limited): string {
  return `${what}Choice`;
}

const text = (name: string): string => `operators.instance.${name}`;
const ofLimits = limitedThings.flatMap((what) => [what, choiceField(what), shownField(what)]);

/** What is typed on an instance's page: each of its buttons sends its own part. */
export const wishForm = defineForm(
  Object.fromEntries(
    ["reason", "host", "grace", ...ofLimits].map((name) => [name, z.string().trim().default("")]),
  ),
  {
    labels: {
      ...{ reason: text("reason"), host: text("host"), grace: text("grace") },
      ...Object.fromEntries(ofLimits.map((name) => [name, text(`limits.${thingOf(name)}`)])),
    },
  },
);

function thingOf(field: string): string {
  return limitedThings.find((what) => field.startsWith(what)) ?? field;
}

type Input = Readonly<Record<string, string>>;

/** Which button of an instance's page was pressed. Throws `not-found` for what it has none for. */
export function actAsked({ body }: Pick<Req, "body">): InstanceAct {
  const act = instanceActs.find((one) => one === body["act"]);
  if (act === undefined) throw new Refusal("not-found");
  return act;
}

const readers = {
  suspend: (input) => ({ act: "suspend", reason: reasonIn(input) }),
  explain: (input) => ({ act: "explain", reason: reasonIn(input) }),
  resume: () => ({ act: "resume" }),
  limits: (input) => ({ act: "limits", limits: limitsIn(input) }),
  delete: (input, host) => ({ act: "delete", graceDays: graceIn(input, host) }),
  undelete: () => ({ act: "undelete" }),
} as const satisfies Record<InstanceAct, (input: Input, host: string) => InstanceWish>;

/** What somebody asks for with it. Throws `invalid-form` with all that is wrong, each beside its field. */
export function readWish(act: InstanceAct, input: Input, host: string): InstanceWish {
  return readers[act](input, host);
}

function reasonIn({ reason = "" }: Input): string {
  const read = readReason(reason);
  if (read !== null) return read;
  const error = { field: "reason", key: "refusals.too-long", params: { max: mostReason } };
  throw new Refusal("invalid-form", [error]);
}

function graceIn({ host: typed = "", grace = "" }: Input, host: string): number {
  const days = readGraceDays(grace);
  const isHost = asciiHost(typed).toLowerCase() === host;
  if (isHost && days !== null) return days;
  throw new Refusal("invalid-form", [
    ...(isHost ? [] : [wrong("host", "host")]),
    ...(days === null ? [wrong("grace", "grace", { most: mostGraceDays })] : []),
  ]);
}

/** Of the limits, those that are not as the form showed them: another operator's are left. */
function limitsIn(input: Input): LimitChanges {
  const read = limitedThings.map((what) => limitIn(what, input));
  const errors = read.filter((one) => "key" in one);
  if (errors.length > 0) throw new Refusal("invalid-form", errors);
  const changed = limitedThings.flatMap((what, i) => {
    const one = read[i];
    if (one === undefined || "key" in one) return [];
    return limitShown(one.limit) === input[shownField(what)] ? [] : [[what, one.limit]];
  });
  return Object.fromEntries(changed) as LimitChanges;
}

/**
 * A number that was typed beside another choice is never dropped unsaid. The one that the form showed
 * may stay there: whoever gives up a limit of its own has not typed it.
 */
function limitIn(
  what: Limited,
  input: Input,
): { readonly limit: number | null | "default" } | FieldError {
  const choice = limitChoices.find((one) => one === input[choiceField(what)]);
  const { [what]: typed = "", [shownField(what)]: shown = "" } = input;
  if (choice === undefined) {
    return { field: choiceField(what), key: "refusals.not-understood", params: {} };
  }
  const limit = readLimit(what, typed);
  if (choice === "own") return limit === null ? wrong(what, "limit") : { limit };
  const isTyped = typed !== "" && (limit === null || limitShown(limit) !== shown);
  return isTyped ? wrong(what, "beside") : { limit: choice === "none" ? null : choice };
}

function wrong(field: string, key: string, params: FieldError["params"] = {}): FieldError {
  return { field, key: text(`errors.${key}`), params };
}

/** A limit as the form keeps what it showed. */
export function limitShown(limit: number | null | "default"): string {
  return limit === null ? "none" : String(limit);
}

const bytesInUnit = 1_000_000;

/** A limit in a form: pictures in megabytes, to the byte. */
export function limitTyped(what: Limited, most: number): string {
  return String(what === "storage" ? most / bytesInUnit : most);
}

function readLimit(what: Limited, typed: string): number | null {
  const plain = typed.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  if (what !== "storage") return /^\d{1,9}$/.test(plain) ? Number(plain) : null;
  if (!/^\d{1,8}(?:\.\d{1,6})?$/.test(plain)) return null;
  return Math.round(Number(plain) * bytesInUnit);
}
