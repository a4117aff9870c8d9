/** Words, dates and numbers in one language and time zone, as templates need them. */
export interface Translator {
  /** The text of `key` with its ICU parameters filled in. Never HTML: templates escape it. */
  t(key: string, params?: Readonly<Record<string, unknown>>): string;
  formatDate(value: Date, style?: string): string;
  formatRelative(value: Date, now: Date): string;
  formatNumber(value: number): string;
}

/** Gives the translator of a language and time zone; asked once for each page. */
export type TranslatorFor = (language: "fr" | "en", timezone: string) => Translator;
