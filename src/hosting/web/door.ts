import type {
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  ServerResponse,
} from "node:http";
import type { RequestHandler } from "express";
import type { Ids } from "../../drivers/clock.js";
import type { Instance } from "../../kit/instance.js";
import type { Instances } from "../instances.js";
import { askedHost, clientAddress, findInstance, whyClosed, type Trusts } from "../resolve-host.js";

/** A request whose instance is found, as it came; Express has not seen it, or need not have. */
export interface Visit {
  readonly instance: Instance;
  /** Its id, which the log and the jobs that come of it name. */
  readonly request: string;
  readonly method: string;
  /** The target, as it was asked for. */
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  /** The host that was asked for, with its port; a trusted proxy's word for it goes first. */
  readonly host: string | undefined;
  /** Its client, as far as trusted proxies tell. */
  readonly ip: string | undefined;
}

/** Answers a POST to an inbox. */
export type TakeIn = (visit: Visit, req: IncomingMessage, res: ServerResponse) => void;

/** The side of the web that talks with other servers. */
export interface NetworkSide {
  /** Whether what is posted there is not for people; such requests are taken before all others. */
  isInbox(path: string): boolean;
  /** Takes a POST to an inbox; has no need of what pages need. */
  readonly takeIn: TakeIn;
  /** Claims what else is not for people. */
  readonly middleware: RequestHandler;
}

/** What stands behind the door. */
export interface Behind {
  readonly instances: Pick<Instances, "byHost">;
  readonly trusts: Trusts;
  readonly ids: Ids;
  readonly federation: NetworkSide;
  /** Everything that is not taken at the door. */
  readonly pages: RequestListener;
}

/**
 * Inboxes take most of the requests of a busy instance, thousands a second, and need nothing of what
 * pages need, Express included. What no instance claims, or is asked for in an odd form, goes the way
 * of all requests, and is taken or refused there.
 */
export function openDoor(behind: Behind): RequestListener {
  const { federation, trusts, ids, pages } = behind;
  return (req, res) => {
    const path = pathOf(req.url ?? "");
    if (req.method !== "POST" || !federation.isInbox(path)) return pages(req, res);
    const host = askedHost(req, trusts);
    findInstance(behind.instances, host).then(
      (instance) => {
        if (instance === null || whyClosed(instance, path) !== null) return pages(req, res);
        const { method = "", url: originalUrl = "", headers } = req;
        const ip = clientAddress(req, trusts);
        const visit = { instance, request: ids.next(), method, originalUrl, headers, host, ip };
        federation.takeIn(visit, req, res);
      },
      () => pages(req, res),
    );
  };
}

function pathOf(target: string): string {
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}
