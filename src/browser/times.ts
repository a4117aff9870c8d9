const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Keep "5 minutes ago" true while the page stays open. */
export function refreshTimes(): void {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  window.setInterval(() => {
    if (document.hidden) return;
    for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      const unit = units.find(([, length]) => Math.abs(seconds) >= length);
      if (unit !== undefined)
        time.textContent = format.format(Math.trunc(seconds / unit[1]), unit[0]);
    }
  }, 60_000);
}
