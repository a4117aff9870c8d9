import { SignatureProblem } from "./request.js";

/** How far a sender's clock may run ahead, and how old a signature may be: an hour each. */
export const clockSkewMs = 60 * 60 * 1000;

const httpDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Refuse a moment outside of the window. Throws SignatureProblem `stale`. */
export function assertFresh(moment: number, now: Date): void {
  if (!(Math.abs(moment - now.getTime()) <= clockSkewMs)) {
    throw new SignatureProblem("stale", "the signature was not made within the last hour");
  }
}

/** Refuse a `Date` header that is ill-formed (RFC 9110, 5.6.7) or out of the window. */
export function assertFreshDate(header: string, now: Date): void {
  if (!httpDate.test(header)) {
    throw new SignatureProblem("malformed-signature", "Date is not an HTTP date");
  }
  assertFresh(Date.parse(header), now);
}

/** Refuse a signature whose own `expires`, in seconds, has passed. */
export function assertNotExpired(expires: number | null, now: Date): void {
  if (expires !== null && expires * 1000 <= now.getTime()) {
    throw new SignatureProblem("stale", "the signature has expired");
  }
}
