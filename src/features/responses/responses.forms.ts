import { z } from "zod";
import {
  defineForm,
  line,
  lines,
  Refusal,
  type FieldError,
  type FormDef,
} from "../../kit/index.js";
import type { EditedResponse } from "./answering.js";
import {
  decisions,
  isDay,
  longestStep,
  mostMilestones,
  type Decision,
  type Response,
} from "./response.js";

/** The places of steps in the form, counted from 1. */
export const stepNumbers = Array.from({ length: mostMilestones }, (_, index) => index + 1);

const orEmpty = (inner: z.ZodType<string>): z.ZodType<string> =>
  z.preprocess((value) => value ?? "", inner) as z.ZodType<string>;

const stepFields: Readonly<Record<string, z.ZodType<string>>> = Object.fromEntries(
  stepNumbers.flatMap((n) => [
    [`step${n}`, orEmpty(line(0, longestStep))],
    [`due${n}`, orEmpty(line(0, 40))],
    [`id${n}`, orEmpty(line(0, 100))],
  ]),
);

const decision = z
  .string()
  .refine((value) => decisions.some((known) => known === value), "refusals.required")
  .transform((value) => value as Decision);

/** What an official fills in to answer, or to change an answer. */
export const answerForm = defineForm(
  {
    office: line(2, 120),
    decision,
    body: lines(20, 10_000),
    /** Moment of the edit that the official started from, in milliseconds; empty for none. */
    editedAt: orEmpty(line(0, 20)),
    ...stepFields,
  },
  {
    labels: {
      office: "responses.answer.office",
      decision: "responses.answer.decision",
      body: "responses.answer.body",
    },
  },
) as unknown as FormDef<TypedAnswer>;

/** An answer as the form holds it: `step3`, `due3` and `id3` are those of the third step. */
export interface TypedAnswer extends Readonly<Record<string, string>> {
  readonly office: string;
  readonly decision: Decision;
  readonly body: string;
  readonly editedAt: string;
}

/**
 * What the form holds, as the use cases take it: empty places are left out. A day that does not
 * exist, and a day without a title, are refused beside their field.
 */
export function readAnswer(typed: TypedAnswer): EditedResponse {
  const { office, decision: decided, body, editedAt } = typed;
  const errors: FieldError[] = [];
  const milestones = stepNumbers.flatMap((n) => {
    const [title = "", due = "", id = ""] = [typed[`step${n}`], typed[`due${n}`], typed[`id${n}`]];
    if (title === "" && due === "") return [];
    if (title === "") errors.push(fault(`step${n}`, "responses.errors.step"));
    if (due !== "" && !isDay(due)) errors.push(fault(`due${n}`, "responses.errors.day"));
    return [{ title, due: due === "" ? null : due, _id: id === "" ? null : id }];
  });
  if (errors.length > 0) throw new Refusal("invalid-form", errors);
  const started = Number(editedAt);
  return {
    ...{ office, decision: decided, body, milestones },
    editedAt: editedAt === "" || !Number.isSafeInteger(started) ? null : new Date(started),
  };
}

function fault(field: string, key: string): FieldError {
  return { field, key, params: {} };
}

/** What the form begins with when an answer is changed. */
export function typedOf(response: Response): Record<string, string> {
  const steps = response.milestones.flatMap(({ _id, title, due }, index) => [
    [`step${index + 1}`, title],
    [`due${index + 1}`, due ?? ""],
    [`id${index + 1}`, _id],
  ]);
  const { office, decision: decided, body } = response;
  return {
    ...{ office, decision: decided, body, editedAt: momentOf(response) },
    ...(Object.fromEntries(steps) as Record<string, string>),
  };
}

/** The moment of an answer's last edit, as the form carries it. */
export function momentOf({ editedAt }: Pick<Response, "editedAt">): string {
  return editedAt === null ? "" : String(editedAt.getTime());
}
