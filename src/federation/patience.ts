/** For how much longer each of many jobs lets others pass than the one before it. */
const yieldsMsEach = 5;

/**
 * How long a job lets others pass that is one of many made together: not at all for the first `prompt` of
 * them, ever longer for those after them. `position` is counted from 0.
 */
export function yieldsMsAt(position: number, prompt: number): number {
  return Math.max(0, position + 1 - prompt) * yieldsMsEach;
}
