/** Whether a worker still takes jobs, and the end of its patience with those that run. */
export interface Closing {
  readonly isClosing: boolean;
  /** Jobs that run, and would be left when patience ends. */
  readonly held: number;
  /** No new job from now on. */
  begin(): void;
  /** Leave what still runs. */
  release(): void;
  /** Resolves when `release` was called. */
  readonly released: Promise<void>;
  /** How `work` ended, or `left` when patience ended first. Nothing of it is kept after that. */
  unlessLeft<T, L>(work: Promise<T>, left: L): Promise<T | L>;
}

/** A worker that takes jobs. */
export function openClosing(): Closing {
  const leaving = new Set<() => void>();
  let isClosing = false;
  let isReleased = false;
  let tell: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (tell = resolve));
  return {
    get isClosing() {
      return isClosing;
    },
    get held() {
      return leaving.size;
    },
    begin: () => void (isClosing = true),
    release() {
      isReleased = true;
      tell();
      for (const leave of [...leaving]) leave();
    },
    released,
    // Not by a race with `released`: each would stay with that promise for as long as the worker lives.
    unlessLeft: (work, left) =>
      new Promise((resolve, reject) => {
        if (isReleased) return resolve(left);
        const leave = (): void => {
          leaving.delete(leave);
          resolve(left);
        };
        leaving.add(leave);
        work.then(resolve, reject).finally(() => leaving.delete(leave));
      }),
  };
}
