/** After this long an event counts half. */
const halfLifeMs = 7 * 24 * 3_600_000;

/** Only the latest events are weighed: older ones hardly count any more. */
export const mostEvents = 200;

/**
 * How much moves around a proposal: the base-2 logarithm of the sum, over its latest events (its
 * publication, supports, comments), of 2 to the number of half-lives since 2020. Events fade against
 * newer ones, so sorting by this number is sorting by what moves now, at any time, without ever
 * counting again. The same events give the same number.
 */
export function warmthOf(events: readonly Date[]): number {
  const since = Date.UTC(2020, 0, 1);
  const ages = events
    .map((at) => (at.getTime() - since) / halfLifeMs)
    .toSorted((a, b) => b - a)
    .slice(0, mostEvents);
  const newest = ages[0];
  if (newest === undefined) return 0;
  const sum = ages.reduce((total, age) => total + 2 ** (age - newest), 0);
  return Math.round((newest + Math.log2(sum)) * 1e6) / 1e6;
}
