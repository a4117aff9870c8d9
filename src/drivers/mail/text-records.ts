import { promises } from "node:dns";

/** Texts that a domain publishes in the DNS. */
export interface TextRecords {
  /** The TXT records of a name, each whole; none when there are none. @throws when nobody answers */
  of(name: string): Promise<readonly string[]>;
}

const patienceMs = 6_000;
const mostRecords = 100;
const none: ReadonlySet<unknown> = new Set(["ENODATA", "ENOTFOUND"]);

/** Asks the resolvers of this machine, or those that are named, for six seconds at most. */
export function createTextRecords(servers?: readonly string[]): TextRecords {
  return {
    async of(name) {
      const resolver = new promises.Resolver({ timeout: 2_000, tries: 2 });
      if (servers !== undefined) resolver.setServers(servers);
      const timer = setTimeout(() => resolver.cancel(), patienceMs);
      try {
        const found = await resolver.resolveTxt(name);
        // A record longer than 255 bytes comes in pieces (RFC 7208, section 3.3).
        return found.slice(0, mostRecords).map((pieces) => pieces.join(""));
      } catch (error) {
        if (none.has((error as NodeJS.ErrnoException).code)) return [];
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
