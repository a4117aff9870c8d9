import { z } from "zod";
import { readUrl } from "../drivers/web-address.js";
import { line, type FormView } from "./form.js";
import type { ProfileField } from "./instance.js";
import { Refusal, type FieldError } from "./refusal.js";
import { safeWebAddress } from "./text/sanitize.js";

/** How many lines a profile has room for; Mastodon shows four. */
export const mostProfileFields = 4;

const longestLabel = 60;
const longestValue = 255;
const numbers = Array.from({ length: mostProfileFields }, (_, at) => at + 1);

/** The name that a profile's line has in a form. */
type Part = "fieldLabel" | "fieldValue";

/** What a form holds of a profile's lines. */
export type ProfileFieldInputs = Readonly<Record<`${Part}${number}`, string>>;

/** A form that does not show these inputs says nothing in them. */
function part(longest: number): z.ZodType<string> {
  return z.preprocess((value) => value ?? "", line(0, longest)) as z.ZodType<string>;
}

/** The inputs of a profile's lines, for `defineForm`. */
export const profileFieldShape: Readonly<Record<`${Part}${number}`, z.ZodType<string>>> =
  Object.fromEntries(
    numbers.flatMap((at) => [
      [`fieldLabel${at}`, part(longestLabel)],
      [`fieldValue${at}`, part(longestValue)],
    ]),
  );

/** Translation keys of their labels. */
export const profileFieldLabels: Readonly<Record<string, string>> = Object.fromEntries(
  numbers.flatMap((at) => [
    [`fieldLabel${at}`, "site.profileFields.label"],
    [`fieldValue${at}`, "site.profileFields.value"],
  ]),
);

/** What the inputs are filled with. */
export function profileFieldValues(fields: readonly ProfileField[]): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap(({ label, value }, at) => [
      [`fieldLabel${at + 1}`, label],
      [`fieldValue${at + 1}`, value],
    ]),
  );
}

/**
 * The lines that were typed; empty ones are left out. Throws `Refusal("invalid-form")` beside the
 * part that is missing of a line.
 */
export function profileFieldsOf(inputs: ProfileFieldInputs): ProfileField[] {
  const typed = numbers.map((at) => ({
    at,
    label: inputs[`fieldLabel${at}`] ?? "",
    value: inputs[`fieldValue${at}`] ?? "",
  }));
  const errors = typed.flatMap(({ at, label, value }): FieldError[] => {
    if ((label === "") === (value === "")) return [];
    const field = label === "" ? `fieldLabel${at}` : `fieldValue${at}`;
    return [{ field, key: "refusals.required", params: {} }];
  });
  if (errors.length > 0) throw new Refusal("invalid-form", errors);
  return typed
    .filter(({ label }) => label !== "")
    .map(({ label, value }) => ({ label, value: webAddressIn(value) ?? value }));
}

/** A line of a profile as a form shows it. */
export interface ProfileFieldLine {
  readonly number: number;
  readonly label: ProfileFieldPart;
  readonly value: ProfileFieldPart;
}

/** One of its two inputs. */
export interface ProfileFieldPart {
  readonly name: string;
  readonly value: string;
  readonly error: string | null;
}

/** The lines of a profile as a form shows them. */
export function profileFieldLines({ values, errors }: FormView): ProfileFieldLine[] {
  const part = (name: string): ProfileFieldPart => ({
    name,
    value: values[name] ?? "",
    error: errors.find(({ field }) => field === name)?.text ?? null,
  });
  return Array.from({ length: mostProfileFields }, (_, at) => ({
    number: at + 1,
    label: part(`fieldLabel${at + 1}`),
    value: part(`fieldValue${at + 1}`),
  }));
}

/** The web address that a line's value is, as a whole; null for other text. */
export function webAddressIn(value: string): string | null {
  return /^https?:\/\//i.test(value) ? safeWebAddress(value) : null;
}

/** A line as a page shows it: an address is shown without its scheme, and led to. */
export interface ProfileFieldView {
  readonly label: string;
  readonly text: string;
  readonly href: string | null;
}

/** Lines as a page shows them. */
export function profileFieldViews(fields: readonly ProfileField[]): ProfileFieldView[] {
  return fields.map(({ label, value }) => {
    const href = webAddressIn(value);
    return { label, href, text: href === null ? value : shownAddress(href) };
  });
}

/** A web address as people read it: without scheme, and without a slash at its end. */
export function shownAddress(address: string): string {
  const url = readUrl(address);
  if (url === null) return address;
  return (url.host + url.pathname + url.search + url.hash).replace(/\/$/, "");
}
