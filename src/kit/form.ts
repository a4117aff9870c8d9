import { z } from "zod";
import type { FieldErrorView } from "./component-models.js";
import { Refusal, type FieldError } from "./refusal.js";
import type { Translator } from "./i18n/index.js";
import type { Reply, Req } from "./route.js";

/** A form: one zod schema whose keys are the field names. Browsers send strings. */
export interface FormDef<T> {
  readonly schema: z.ZodType<T>;
  readonly fields: readonly string[];
  /** Never shown again, e.g. passwords. */
  readonly secret: readonly string[];
  /** Translation keys of the fields' labels, to name them where errors are summed up. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What was typed and what is wrong with it: enough to show the form again with nothing lost. */
export interface Typed {
  readonly values: Readonly<Record<string, string>>;
  readonly errors: readonly FieldError[];
}

/** A form that nobody has typed in yet, perhaps with values to start from. */
export function untouched(values: Readonly<Record<string, string>> = {}): Typed {
  return { values, errors: [] };
}

/** What a form declares beside its fields. */
export interface FormOptions {
  /** Fields that are not echoed back on error. */
  readonly secret?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Declare a form. */
export function defineForm<S extends z.ZodRawShape>(
  shape: S,
  { secret = [], labels = {} }: FormOptions = {},
): FormDef<z.infer<z.ZodObject<S>>> {
  return {
    schema: z.object(shape) as unknown as z.ZodType<z.infer<z.ZodObject<S>>>,
    fields: Object.keys(shape),
    secret,
    labels,
  };
}

/** Normalised single-line text: NFC, trimmed, inner white space folded, no control characters. */
export function line(min: number, max: number): z.ZodType<string> {
  return z
    .string()
    .transform((value) =>
      value
        .normalize("NFC")
        // eslint-disable-next-line no-control-regex
        .replace(/[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/g, " ")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .pipe(z.string().min(min).max(max));
}

/** Normalised text of several lines: NFC, `\n` line ends, trimmed, no control characters. */
export function lines(min: number, max: number): z.ZodType<string> {
  return z
    .string()
    .transform((value) =>
      value
        .normalize("NFC")
        .replace(/\r\n?/g, "\n")
        // eslint-disable-next-line no-control-regex
        .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]+/g, "")
        .trim(),
    )
    .pipe(z.string().min(min).max(max));
}

/** A checkbox: present means yes. */
export function checkbox(): z.ZodType<boolean> {
  return z
    .string()
    .optional()
    .transform((value) => value !== undefined && value !== "");
}

/** A field that may be left empty; empty becomes null. */
export function orNull<T>(inner: z.ZodType<T>): z.ZodType<T | null> {
  return z.preprocess(
    (value) => (value === undefined || value === "" ? null : value),
    z.nullable(inner),
  ) as z.ZodType<T | null>;
}

/** Parse a posted form. Throws a `Refusal("invalid-form")` that names every wrong field. */
export function readForm<T>(form: FormDef<T>, req: Req): T {
  const parsed = form.schema.safeParse(pick(form, req), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new Refusal("invalid-form", parsed.error.issues.map(fieldError));
}

/**
 * Parse a form and act on it. When the form or the use case refuses beside a field, `refused` shows
 * the form again with what was typed. Any other refusal goes to the error page.
 */
export async function submit<T>(
  form: FormDef<T>,
  req: Req,
  answers: {
    accepted: (input: T) => Promise<Reply>;
    refused: (typed: Typed, status: number) => Promise<Reply>;
  },
): Promise<Reply> {
  try {
    return await answers.accepted(readForm(form, req));
  } catch (error) {
    if (!(error instanceof Refusal) || error.errors.length === 0) throw error;
    return answers.refused({ values: typedValues(form, req), errors: error.errors }, error.status);
  }
}

/** A form as templates show it: every field has a value, every error its words. */
export interface FormView {
  readonly values: Readonly<Record<string, string>>;
  readonly errors: readonly FieldErrorView[];
}

/** Put what was typed, and what is wrong with it, into the reader's words. */
export function formView<T>(form: FormDef<T>, typed: Typed, t: Translator): FormView {
  const empty = Object.fromEntries(form.fields.map((field) => [field, ""]));
  return {
    values: { ...empty, ...typed.values },
    errors: typed.errors.map(({ field, key, params }) => ({
      field,
      label: labelOf(form, field, t),
      text: t.t(key, params),
    })),
  };
}

function labelOf<T>(form: FormDef<T>, field: string, t: Translator): string | null {
  const key = form.labels[field];
  return key === undefined ? null : t.t(key).replace(/[\s\u00a0?:]+$/u, "");
}

/** What was typed, as strings, without secrets. */
export function typedValues<T>(form: FormDef<T>, req: Req): Record<string, string> {
  const shown = form.fields.filter((field) => !form.secret.includes(field));
  return Object.fromEntries(
    shown.map((field) => {
      const value = req.body[field];
      return [field, typeof value === "string" ? value : ""];
    }),
  );
}

function pick<T>(form: FormDef<T>, req: Req): Record<string, unknown> {
  return Object.fromEntries(form.fields.map((field) => [field, req.body[field]]));
}

function fieldError(issue: z.core.$ZodIssue): FieldError {
  const field = String(issue.path[0] ?? "");
  if (issue.code === "too_small") {
    const key = Number(issue.minimum) <= 1 ? "refusals.required" : "refusals.too-short";
    return { field, key, params: { min: Number(issue.minimum) } };
  }
  if (issue.code === "too_big") {
    return { field, key: "refusals.too-long", params: { max: Number(issue.maximum) } };
  }
  if (issue.code === "custom" && issue.message.startsWith("refusals.")) {
    return { field, key: issue.message, params: {} };
  }
  if (issue.code === "invalid_type" && issue.input === undefined) {
    return { field, key: "refusals.required", params: {} };
  }
  return { field, key: "refusals.not-understood", params: {} };
}
