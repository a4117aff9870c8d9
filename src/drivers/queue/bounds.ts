/** Jobs that `Queue.peek` tells of at once. */
export const mostPeeked = 500;

/** How long `Queue.close` waits for running jobs unless told otherwise. */
export const defaultGraceMs = 10_000;

/** How often `Queue.idle` looks. */
export const idleCheckMs = 10;

/** How long a silent process keeps its jobs unless told otherwise. */
export const defaultLeaseMs = 10_000;
