import { IntlMessageFormat } from "intl-messageformat";

/** What may fill a parameter of a text. Anything else is shown as `String` gives it. */
export type MessageParams = Readonly<Record<string, unknown>>;

type Element = ReturnType<IntlMessageFormat["getAst"]>[number];
type Filling = string | number | boolean | Date | null;

/** Element kinds of the ICU parser that name no parameter. */
const LITERAL = 0;
const POUND = 7;

/** Whether a text takes parameters; one that does not is used as it is written. */
export function isPlain(text: string): boolean {
  return !text.includes("{");
}

/**
 * Compile an ICU message (plural, select, number, date). Two departures from ICU, for translators'
 * sake: an apostrophe is always an apostrophe ("l'{name}"), and `<b>` is text. Throws a
 * `SyntaxError` when the braces do not fit.
 */
export function compileMessage(text: string, language: string): IntlMessageFormat {
  return new IntlMessageFormat(text.replaceAll("'", "''"), language, undefined, {
    ignoreTag: true,
  });
}

function namesIn(elements: readonly Element[], names: Set<string>): void {
  for (const element of elements) {
    if (element.type === LITERAL || element.type === POUND) continue;
    names.add(element.value);
    if ("options" in element) {
      for (const option of Object.values(element.options)) namesIn(option.value, names);
    }
  }
}

/** The parameters a text uses, sorted. Throws a `SyntaxError` when it cannot be compiled. */
export function parametersOf(text: string): string[] {
  if (isPlain(text)) return [];
  const names = new Set<string>();
  namesIn(compileMessage(text, "en").getAst(), names);
  return [...names].toSorted();
}

function fillingOf(value: unknown): Filling {
  if (value instanceof Date || value === null) return value;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  return asText(value as { toString(): string } | undefined);
}

/** Fill a compiled message. Throws when a parameter is missing or of the wrong kind. */
export function formatMessage(message: IntlMessageFormat, params: MessageParams): string {
  const fillings: Record<string, Filling> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) fillings[name] = fillingOf(value);
  }
  return String(message.format(fillings));
}

/** What a template may hand over besides: something that says itself as text. */
function asText(value: { toString(): string } | undefined): string {
  return value === undefined ? "" : value.toString();
}
