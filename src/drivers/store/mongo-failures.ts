/** What Node says of a socket that takes or gives nothing any more (nodejs.org/api/errors.html). */
const ofSocket = /^(?:E[A-Z]+|ERR_(?:SOCKET|STREAM)_[A-Z_]+)$/;

/** Does what the driver does; what it fails with can be told from a bug. */
export async function named<R>(call: () => Promise<R>): Promise<R> {
  try {
    return await call();
  } catch (error) {
    throw namedFailure(error);
  }
}

/**
 * What came of a call, as an error that `isStoreUnavailable` knows where it says that the store is away. The
 * driver passes on as it is what Node says of a socket that ends while a command is written to it (mongodb
 * 7.9, `Connection.writeCommand`), and wraps what ends the sending of many rows in an error that has neither
 * its name nor its code (`MongoBulkWriteError.errorResponse`).
 */
function namedFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, errorResponse } = error as { code?: unknown; errorResponse?: unknown };
  if (errorResponse instanceof Error) return namedFailure(errorResponse);
  const isOfSocket = typeof code === "string" && ofSocket.test(code);
  if (!isOfSocket || error.name.startsWith("Mongo")) return error;
  return cutOff("the connection ended while it was used", error);
}

/** A connection that was lost, as the driver calls it where it notices. */
export function cutOff(message: string, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { name: "MongoNetworkError" });
}
