import type { FindCursor, MongoClient } from "mongodb";
import type { Cursor } from "./collection.js";
import { cutOff, named } from "./mongo-failures.js";

/** How long a call may take, whatever happens to its connection. */
export interface Limit {
  readonly ms: number;
  /** What it is rejected with after that: an error that `isStoreUnavailable` knows. */
  readonly late: () => Error;
}

/** A way to end a call of the driver that is still going on. */
interface Ending {
  readonly signal: AbortSignal;
  end(this: void, reason: Error): void;
}

/**
 * The part of an `AbortSignal` that the driver asks for: a whole one, whose listeners come and go several
 * times in each call, costs a call 20 to 50 microseconds, and this one a few.
 */
function anEnding(): Ending {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    throwIfAborted() {
      if (signal.aborted) throw signal.reason;
    },
    addEventListener: (_abort: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_abort: string, listener: () => void) => void listeners.delete(listener),
  };
  return {
    signal: signal as unknown as AbortSignal,
    end(reason) {
      Object.assign(signal, { aborted: true, reason });
      for (const listener of listeners) listener.call(signal);
    },
  };
}

/**
 * Ends a call, well or not, within the limit. The driver's own limits do not: a connection that is closed
 * while a command is written to it leaves the command waiting for ever (mongodb 7.9,
 * `Connection.writeCommand`: a closed socket never drains), and its `timeoutMS` has no effect. The signal
 * then lets it drop the connection, which would take up a place among all of them for good.
 *
 * The limit is waited for in two halves: a process that was held up reads what has come meanwhile before
 * it calls anything late. What fails earlier can be told from a bug (`named`).
 */
export function within<R>(
  { ms, late }: Limit,
  call: (signal: AbortSignal) => Promise<R>,
  ending = anEnding(),
): Promise<R> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      const error = late();
      reject(error);
      ending.end(error);
    };
    let timer = setTimeout(() => (timer = setTimeout(end, ms / 2)), ms / 2);
    named(() => call(ending.signal)).then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

/**
 * Waits for what takes as long as it takes, such as the building of an index, as long as the client that it
 * alone uses keeps its connections: once the server was lost, the call ends within the limit.
 */
export async function whileConnected<R>(
  { ms, late }: Limit,
  client: MongoClient,
  call: () => Promise<R>,
): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const lost = new Promise<never>((_resolve, reject) => {
    client.once("connectionPoolCleared", () => {
      timer = setTimeout(() => reject(late()), ms);
    });
  });
  try {
    return await Promise.race([named(call), lost]);
  } finally {
    client.removeAllListeners("connectionPoolCleared");
    clearTimeout(timer);
  }
}

/**
 * A cursor of which each batch comes within the limit, however long somebody takes over its rows; it never
 * passes the beginning of a list off as the whole: the driver's own ends quietly when its client is closed
 * before the last batch, be it at the end of the process or to be replaced.
 * @param open opens it with a signal that ends it
 * @param most as many rows as are wanted; 0 for all
 */
export function boundedCursor<T>(
  limit: Limit,
  most: number,
  open: (signal: AbortSignal) => FindCursor<T>,
): Cursor<T> {
  const ending = anEnding();
  const cursor = open(ending.signal);
  const hasNext = (): Promise<boolean> => within(limit, () => cursor.hasNext(), ending);
  const close = (): Promise<void> => within(limit, () => cursor.close(), ending);
  let left = most > 0 ? most : Number.POSITIVE_INFINITY;
  const batch = (): T[] => {
    const rows = cursor.readBufferedDocuments();
    left -= rows.length;
    return rows;
  };
  // The driver kills a cursor that has given all that was wanted, where the server still has it open.
  const toTheEnd = (): void => {
    const isWhole = left <= 0 || (!cursor.killed && cursor.id?.isZero() === true);
    if (!isWhole) throw cutOff("the connection was closed before the end of a list");
  };
  return {
    close,
    async toArray() {
      const rows: T[] = [];
      while (!cursor.closed && (await hasNext())) {
        for (const row of batch()) rows.push(row);
      }
      toTheEnd();
      return rows;
    },
    async *[Symbol.asyncIterator]() {
      try {
        while (!cursor.closed && (await hasNext())) yield* batch();
        toTheEnd();
      } finally {
        // Whoever stops early has all that was wanted.
        if (!cursor.closed) await close().catch(() => undefined);
      }
    },
  };
}
