import { BlockList, isIP, isIPv4 } from "node:net";

const alwaysRefused4 = [
  "0.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
const private4 = ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

// Inside 2000::/3, the only range handed out for global unicast: Teredo and the other protocol
// assignments of 2001::/23, documentation, 6to4. All else (::, ::1, mapped, compatible, NAT64,
// fc00::/7, fe80::/10, ff00::/8) lies outside of it.
const refusedInsideGlobal6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
const private6 = ["::1/128", "fc00::/7"];

// One list per family: a list that holds ::ffff:0:0/96 matches every IPv4 address in Node.
function blockList(family: "ipv4" | "ipv6", subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = "", prefix = ""] = subnet.split("/");
    list.addSubnet(network, Number(prefix), family);
  }
  return list;
}

const refused4 = blockList("ipv4", [...alwaysRefused4, ...private4]);
const locals4 = blockList("ipv4", private4);
const global6 = blockList("ipv6", ["2000::/3"]);
const refused6 = blockList("ipv6", refusedInsideGlobal6);
const locals6 = blockList("ipv6", private6);

/** Whether `address` is global unicast: the only kind that we connect to (IANA special registries). */
export function isGlobalUnicast(address: string): boolean {
  if (isIP(address) === 0 || address.includes("%")) return false;
  if (isIPv4(address)) return !refused4.check(address, "ipv4");
  return global6.check(address, "ipv6") && !refused6.check(address, "ipv6");
}

/** Whether `address` is loopback or a private network: allowed to demonstrations and tests alone. */
export function isPrivateNetwork(address: string): boolean {
  if (isIP(address) === 0 || address.includes("%")) return false;
  return isIPv4(address) ? locals4.check(address, "ipv4") : locals6.check(address, "ipv6");
}

/** The rule of a fetcher: may it connect to `address`? */
export function mayConnect(address: string, allowPrivate: boolean): boolean {
  return isGlobalUnicast(address) || (allowPrivate && isPrivateNetwork(address));
}
