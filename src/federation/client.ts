import { isIPv6 } from "node:net";
import { readUrl } from "../drivers/web-address.js";

/** The groups of an IPv6 address that a network hands to one customer: a /64. */
const customerGroups = 4;

/** Whose an IP address is, for what one client may use up: itself, or the /64 of an IPv6 address. */
export function clientOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!isIPv6(bare)) return bare;
  const short = readUrl(`http://[${bare}]/`)?.hostname.slice(1, -1) ?? bare;
  const [before = "", after] = short.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? [] : Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].slice(0, customerGroups).join(":");
}
