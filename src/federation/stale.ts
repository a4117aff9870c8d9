const staleMs = 90 * 24 * 3_600_000;

/** When what was heard of now is looked at again, to see whether anything still refers to it. */
export function staleAt(now: Date): Date {
  return new Date(now.getTime() + staleMs);
}
