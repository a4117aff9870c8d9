import type { Language } from "../instance.js";

/**
 * How a date is said: `long` 23 novembre 2026, `short` 23 nov. 2026, `numeric` 23/11/2026,
 * `weekday` lundi 23 novembre, `month` novembre 2026, `time` 14:30, `datetime` long with the time.
 */
export type DateStyle = "long" | "short" | "numeric" | "weekday" | "month" | "time" | "datetime";

const DATE_STYLES: Readonly<Record<DateStyle, Intl.DateTimeFormatOptions>> = {
  long: { day: "numeric", month: "long", year: "numeric" },
  short: { day: "numeric", month: "short", year: "numeric" },
  numeric: { day: "2-digit", month: "2-digit", year: "numeric" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  month: { month: "long", year: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  datetime: { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
};

/** Dates and numbers in one language and time zone, by `Intl`, each formatter made once. */
export interface Formats {
  /** A moment in the given style ("long" unless told); "" when it is not a date. */
  formatDate(value: Date, style?: DateStyle): string;
  /** "il y a 3 jours", "demain"; seconds apart are "maintenant". */
  formatRelative(value: Date, now: Date): string;
  /** Digits grouped as the language does. */
  formatNumber(value: number, options?: NumberStyle): string;
  /** A size in the largest unit that leaves a number before the point: "12,5 Mo", "12.5 MB". */
  formatBytes(bytes: number): string;
  /** A stretch of whole days in words: "12 jours", "1 day". */
  formatDistanceDays(days: number): string;
  /** Calendar days from one moment to another, as the time zone's calendar counts them. */
  daysBetween(from: Date, to: Date): number;
  /** "a, b et c". */
  formatList(items: readonly string[]): string;
}

/** `percent` takes a share between 0 and 1; `compact` says 12 k; `signed` shows + before a rise. */
export type NumberStyle = "plain" | "percent" | "compact" | "signed";

const NUMBER_STYLES: Readonly<Record<NumberStyle, Intl.NumberFormatOptions>> = {
  plain: { maximumFractionDigits: 2 },
  percent: { style: "percent", maximumFractionDigits: 0 },
  compact: { notation: "compact", maximumFractionDigits: 1 },
  signed: { signDisplay: "exceptZero", maximumFractionDigits: 2 },
};

const DAY_MS = 86_400_000;
const UNITS: ReadonlyArray<readonly [Intl.RelativeTimeFormatUnit, number]> = [
  ["year", 365 * DAY_MS],
  ["month", 30 * DAY_MS],
  ["week", 7 * DAY_MS],
  ["day", DAY_MS],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Units of storage, each a thousand of the one before. */
const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

function bytesFormat(locale: string): (bytes: number) => string {
  const format = lazily(
    (unit: (typeof BYTE_UNITS)[number]) =>
      new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }),
  );
  return (bytes) => {
    const power = bytes < 1_000 ? 0 : Math.floor(Math.log10(bytes) / 3);
    const at = Math.min(power, BYTE_UNITS.length - 1);
    return format(BYTE_UNITS[at] ?? "byte").format(bytes / 1_000 ** at);
  };
}

function lazily<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

/** The regional form of each language that dates and numbers follow. */
const LOCALES: Readonly<Record<Language, string>> = { fr: "fr-FR", en: "en-GB" };

function isDate(value: Date): boolean {
  return !Number.isNaN(value.getTime());
}

function relativeTime(formatter: Intl.RelativeTimeFormat, distance: number): string {
  for (const [unit, length] of UNITS) {
    if (Math.abs(distance) >= length) return formatter.format(Math.trunc(distance / length), unit);
  }
  return formatter.format(0, "second");
}

/** The formats of a language and an IANA time zone; throws a `RangeError` for an unknown zone. */
export function createFormats(language: Language, timezone: string): Formats {
  const locale = LOCALES[language];
  const dateFormat = lazily(
    (style: DateStyle) =>
      new Intl.DateTimeFormat(locale, { ...DATE_STYLES[style], timeZone: timezone }),
  );
  const numberFormat = lazily(
    (style: NumberStyle) => new Intl.NumberFormat(locale, NUMBER_STYLES[style]),
  );
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const days = new Intl.NumberFormat(locale, { style: "unit", unit: "day", unitDisplay: "long" });
  const list = new Intl.ListFormat(locale);
  const calendar = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone });
  const dayNumber = (moment: Date): number => Date.parse(calendar.format(moment)) / DAY_MS;

  return {
    formatDate: (value, style = "long") => (isDate(value) ? dateFormat(style).format(value) : ""),
    formatRelative: (value, now) =>
      isDate(value) ? relativeTime(relative, value.getTime() - now.getTime()) : "",
    formatNumber: (value, style = "plain") => numberFormat(style).format(value),
    formatBytes: bytesFormat(locale),
    formatDistanceDays: (count) => days.format(Math.trunc(count)),
    daysBetween: (from, to) => Math.round(dayNumber(to) - dayNumber(from)),
    formatList: (items) => list.format(items),
  };
}
