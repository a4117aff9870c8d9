import type { MongoClient } from "mongodb";

/** A client that another one takes the place of once it no longer looks at its servers. */
export interface LivingClient {
  /** The client of this moment: ask again each time. */
  now(): MongoClient;
  close(): Promise<void>;
}

/** How a client is kept alive. */
export interface LivingOptions {
  /** Makes one; it need not be connected. */
  readonly make: () => MongoClient;
  /** How often a client looks at each of its servers, in milliseconds. */
  readonly lookMs: number;
}

/** A look ends, well or not, within two of these turns; after so many without one, none will. */
const mostSilent = 5;

/**
 * Keeps a client that comes back whatever happens to its connections. The driver's look at a server
 * (its monitor) waits for ever when the connection is closed while it writes: the closed socket takes
 * nothing (`write` returns false) and never says that it would take more, which is what the driver waits
 * for (mongodb 7.9, `Connection.writeCommand`). From then on everything is refused although the server
 * is there. So each look is heard of, and a client that is silent is replaced.
 *
 * A client that finds nobody when it is first asked closes itself for good, which a new one may well do
 * while the servers are away: it is replaced as well.
 */
export function keepAlive({ make, lookMs }: LivingOptions): LivingClient {
  const silent = new Map<string, number>();
  function listened(one: MongoClient): void {
    const heard = (address: string): void => {
      if (one === client) silent.set(address, 0);
    };
    one.on("serverOpening", ({ address }) => heard(address));
    one.on("serverHeartbeatSucceeded", ({ connectionId }) => heard(connectionId));
    one.on("serverHeartbeatFailed", ({ connectionId }) => heard(connectionId));
    one.on("serverClosed", ({ address }) => {
      if (one === client) silent.delete(address);
    });
    one.on("topologyClosed", () => {
      if (one === client && !isClosed) replace();
    });
  }

  let isClosed = false;
  let client = make();
  listened(client);

  function replace(): void {
    const old = client;
    silent.clear();
    client = make();
    listened(client);
    // Whatever still waits there is told that it is closed, and may be tried again.
    void old.close().catch(() => undefined);
  }

  // Turns are counted, and not time: a process that was held up has heard of nothing meanwhile.
  const timer = setInterval(() => {
    for (const [address, turns] of silent) silent.set(address, turns + 1);
    if ([...silent.values()].some((turns) => turns > mostSilent)) replace();
  }, lookMs);
  timer.unref();
  return {
    now: () => client,
    close() {
      isClosed = true;
      clearInterval(timer);
      return client.close();
    },
  };
}
