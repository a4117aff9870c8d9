/** A bell that one loop waits for. Rung while nobody waits, it is remembered. */
export interface Signal {
  ring(): void;
  /** Resolves when rung, or after `ms`. */
  wait(ms: number): Promise<void>;
}

/** Makes a bell for one waiting loop. */
export function createSignal(): Signal {
  let rung = false;
  let wake: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const wait = async (ms: number): Promise<void> => {
    if (!rung && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    wake = null;
    rung = false;
  };
  return { ring, wait };
}
