/** How one kind of thing came through. */
export interface Verdict {
  readonly what: string;
  readonly accepted: number;
  readonly lost: number;
  readonly doubled: number;
  /**
   * How often what came once came once more as the very same thing, which whoever gets it knows by its id:
   * what is sent at least once may do so when its sender dies. Absent where nothing may.
   */
  readonly again?: number;
  /** Some of what was lost or doubled. */
  readonly such?: readonly string[];
}

/** The verdict on what nobody read: there is nothing to accept of it. */
export const leftInInbox = "left in the inbox";

const mostNamed = 5;

/** What should be there once, and what is. */
export function compared(
  what: string,
  wanted: readonly string[],
  found: readonly string[],
): Verdict {
  const present = new Set(found);
  const distinct = new Set(wanted);
  const lost = [...distinct].filter((one) => !present.has(one));
  const doubled = repeats(found);
  return {
    ...{ what, accepted: distinct.size, lost: lost.length, doubled: doubled.length },
    such: [...lost, ...doubled].slice(0, mostNamed),
  };
}

/** What should be there once and nothing else, and what is: what nobody asked for counts as doubled. */
export function exactly(
  what: string,
  wanted: readonly string[],
  found: readonly string[],
): Verdict {
  const { such = [], ...verdict } = compared(what, wanted, found);
  const asked = new Set(wanted);
  const more = [...new Set(found)].filter((one) => !asked.has(one));
  return {
    ...verdict,
    doubled: verdict.doubled + more.length,
    such: [...such, ...more].slice(0, mostNamed),
  };
}

/** Each that was there before, every time that it is there again. */
export function repeats(found: readonly string[]): string[] {
  const seen = new Set<string>();
  return found.filter((one) => seen.size === seen.add(one).size);
}
