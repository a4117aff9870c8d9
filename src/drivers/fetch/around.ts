/** Makes a request, and notes the status of its answer; never where it goes, nor what is said. */
export type AroundFetch = <R>(
  method: "GET" | "POST",
  request: () => Promise<R>,
  statusOf: (answer: R) => number,
) => Promise<R>;

/** Just makes it. */
export const bareFetch: AroundFetch = (_method, request) => request();
