import { FetchRefused } from "./refused.js";

/** A number of fetches that may still be made for one cause, such as one activity. */
export interface FetchBudget {
  readonly left: number;
  /** Use one up; throws FetchRefused `budget-spent` when none is left. */
  spend(): void;
}

/** A budget of `size` requests; every hop of a redirect counts as one. */
export function createBudget(size: number): FetchBudget {
  let left = size;
  return {
    get left() {
      return left;
    },
    spend() {
      if (left <= 0) throw new FetchRefused("budget-spent");
      left -= 1;
    },
  };
}
