const restMs = 1_000;

/**
 * Says the same at most once a second, however often it is to be said: the next line then tells with `leftOut`
 * how many were not written since the last.
 */
export function seldom(say: (fields: object) => void): (fields: object) => void {
  let quietUntil = -Infinity;
  let leftOut = 0;
  return (fields) => {
    const now = performance.now();
    if (now < quietUntil) {
      leftOut += 1;
      return;
    }
    say(leftOut === 0 ? fields : { ...fields, leftOut });
    [quietUntil, leftOut] = [now + restMs, 0];
  };
}
