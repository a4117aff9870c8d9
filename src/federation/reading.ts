import { registrableDomain } from "../drivers/registrable-domain.js";
import { hostOf } from "./addresses.js";
import { createGate } from "./delivery/gate.js";
import type { FetchDocument } from "./remote-document.js";
import type { Services } from "./services.js";

/** Documents that jobs read at once of all servers which answer slowly: fewer than any queue has places. */
const slowTogether = 4;
/** The same of all that have not answered yet. */
const strangersTogether = 6;

/**
 * The same services for jobs: what they read of other servers goes through a gate, as deliveries do.
 * Somebody who has us ask a silent server again and again takes a few places for it, not all, under however
 * many names of their domain: what answered quickly once may be silent from then on. A job whose
 * turn has not come is postponed, at the cost of no try: what reads through these throws Postpone, too, and
 * must not take it for a server that is out of reach.
 */
export function readingInTurn(services: Services): Services {
  const gate = createGate({ slowMs: services.timing.slowMs, slowTogether, strangersTogether });
  return {
    ...services,
    reachOf(instance) {
      const reach = services.reachOf(instance);
      const fetchDocument: FetchDocument = (url, options) =>
        gate.through(registrableDomain(hostOf(url) ?? ""), () => reach.fetchDocument(url, options));
      return { ...reach, fetchDocument };
    },
  };
}
