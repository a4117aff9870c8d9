import { lookup as lookupName } from "node:dns/promises";
import type { LookupAddress, LookupOptions } from "node:dns";
import { isIP, isIPv6, type LookupFunction } from "node:net";
import type { Agent, buildConnector } from "undici";
import { undici } from "./on-demand.js";
import { mayConnect } from "./addresses.js";
import type { FetchLimits } from "./limits.js";
import { FetchRefused } from "./refused.js";
import { isLocalhost } from "./targets.js";

/** Turns a host name into its addresses; rejects when there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]> | readonly string[];

/** What decides where connections may go. */
export interface DispatcherOptions {
  readonly allowPrivate: boolean;
  readonly resolve: Resolve | undefined;
  readonly limits: FetchLimits;
}

async function systemResolve(hostname: string): Promise<readonly string[]> {
  const found = await lookupName(hostname, { all: true, verbatim: true });
  return found.map((one) => one.address);
}

async function allowedAddresses(
  hostname: string,
  options: DispatcherOptions,
): Promise<LookupAddress[]> {
  const isOwnName = options.allowPrivate && !options.resolve && isLocalhost(hostname);
  const found = isOwnName ? ["127.0.0.1"] : await (options.resolve ?? systemResolve)(hostname);
  const allowed = found.filter((address) => mayConnect(address, options.allowPrivate));
  if (found.length > 0 && allowed.length === 0) throw new FetchRefused("private-address");
  if (allowed.length === 0) throw new FetchRefused("unreachable");
  return allowed.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
}

function guardedLookup(options: DispatcherOptions): LookupFunction {
  return (hostname: string, wanted: LookupOptions, callback) => {
    allowedAddresses(hostname, options).then(
      (addresses) => {
        if (wanted.all) return callback(null, addresses);
        const [first] = addresses;
        return callback(null, first?.address ?? "", first?.family ?? 4);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

/** Connections to other servers. */
export interface Connections {
  readonly agent: Agent;
  /** Whether another one may be kept for what comes next; what is sent meanwhile ends with its answer. */
  mayKeep(): boolean;
}

/**
 * An undici Agent that connects to allowed addresses only. The answer of the resolver is filtered
 * before any packet leaves, and the address really connected to is looked at again, so that a name
 * whose answer changes between two look-ups (DNS rebinding) gains nothing. A process may open so and
 * so many files: it counts its connections, so that those kept for thousands of servers which hear
 * from us once do not use them up.
 */
export function createDispatcher(options: DispatcherOptions): Connections {
  const { limits } = options;
  let open = 0;
  const { Agent: UndiciAgent, buildConnector: connectorOf } = undici();
  const connect = connectorOf({
    timeout: limits.connectMs,
    lookup: guardedLookup(options),
    maxCachedSessions: 100,
  } as buildConnector.BuildOptions);
  const agent = new UndiciAgent({
    connect(target, callback) {
      const literal = target.hostname.replace(/^\[|\]$/g, "");
      if (isIP(literal) !== 0 && !mayConnect(literal, options.allowPrivate)) {
        return callback(new FetchRefused("private-address"), null);
      }
      open += 1;
      return connect({ ...target, hostname: literal }, (error, socket) => {
        if (error) {
          open -= 1;
          return callback(error, null);
        }
        socket.once("close", () => (open -= 1));
        if (mayConnect(socket.remoteAddress ?? "", options.allowPrivate)) {
          return callback(null, socket);
        }
        socket.destroy();
        return callback(new FetchRefused("private-address"), null);
      });
    },
    connections: limits.perHost,
    pipelining: 1,
    headersTimeout: limits.readMs,
    bodyTimeout: limits.readMs,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    maxHeaderSize: 16 * 1024,
  });
  return { agent, mayKeep: () => open < limits.maxKept };
}
