import { Socket } from "node:net";

/** Connections that close at the moment somebody writes to them. */
export interface ClosedWrites {
  /** Resolves once it happened for the first time. */
  readonly first: Promise<void>;
  /** From now on everything is written as usual. */
  end(): void;
}

/** Which writes are meant: those in which a text stands, and how many of them; all unless told. */
interface Which {
  readonly carrying?: string;
  readonly most?: number;
}

/**
 * Whatever is written to that port is not taken, since its socket closes right then: `write` answers false
 * and "drain" never comes.
 */
export function closedWhileWriting(
  port: number,
  { carrying = "", most = Number.POSITIVE_INFINITY }: Which = {},
): ClosedWrites {
  const { write } = Socket.prototype;
  let [left, happened] = [most, (): void => undefined];
  const first = new Promise<void>((resolve) => (happened = resolve));
  const end = (): void => void (Socket.prototype.write = write);
  Socket.prototype.write = function (this: Socket, ...given: unknown[]): boolean {
    const isMeant = this.remotePort === port && Buffer.from(given[0] as Buffer).includes(carrying);
    if (!isMeant) return Reflect.apply(write, this, given) as boolean;
    left -= 1;
    if (left <= 0) end();
    this.destroy();
    happened();
    return false;
  };
  return { first, end };
}
