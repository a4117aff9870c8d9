import { pino, stdSerializers, type DestinationStream, type Logger } from "pino";
import type { Config } from "../config.js";
import { failureText } from "../drivers/queue/failure-text.js";

/** Structured logs, to standard output unless told otherwise; never with what could be a secret. */
export function createLog(config: Pick<Config, "logLevel">, to?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    redact: ["*.password", "*.token", "*.privateKey", "*.authorization", "*.cookie"],
    serializers: { err: serializedError },
  };
  return to === undefined ? pino(options) : pino(options, to);
}

/**
 * What is logged of an error: its type, its message, where it was thrown, and a code. Whatever else it
 * carries is left out, such as the row that MongoDB did not take, and the value in its message.
 */
function serializedError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return failureText(thrown);
  const { type, stack } = stdSerializers.err(thrown);
  const code: unknown = "code" in thrown ? thrown.code : undefined;
  const isCode = typeof code === "string" || typeof code === "number";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return {
    ...{ type, message: failureText(thrown), stack: frames.join("\n") },
    ...(isCode ? { code } : {}),
    ...(thrown.cause instanceof Error ? { cause: failureText(thrown.cause) } : {}),
  };
}
