import { expect } from "chai";
import { parseRetryAfter } from "../../src/drivers/fetch/retry-after.js";
import { nextHop } from "../../src/drivers/fetch/targets.js";
import { expectRefused } from "./fetch-support.js";

const from = new URL("https://peer.example/users/carol");
const follow = async (location: string, visited: readonly string[] = [from.href]) =>
  nextHop(from, location, new Set(visited), false).href;

describe("where a redirect may lead", () => {
  it("is another public address of the same scheme", async () => {
    expect(await follow("/@carol")).to.equal("https://peer.example/@carol");
    expect(await follow("//other.example/carol#x")).to.equal("https://other.example/carol");
  });

  const refused: [string, string][] = [
    ["https://127.0.0.1/", "private-address"],
    ["https://[::1]/", "private-address"],
    ["https://[::ffff:10.0.0.1]/", "private-address"],
    ["https://017700000001/", "private-address"],
    ["https://localhost/", "private-address"],
    ["https://metadata.google.internal/", "private-address"],
    ["https://peer.example:8443/", "bad-port"],
    ["http://peer.example/users/carol", "bad-scheme"],
    ["gopher://peer.example/", "bad-scheme"],
    ["https://a:b@peer.example/", "bad-url"],
    ["https://", "bad-url"],
    [`/${"a".repeat(5000)}`, "bad-url"],
    ["/users/carol", "too-many-redirects"],
    ["#again", "too-many-redirects"],
  ];
  for (const [location, code] of refused) {
    it(`is not ${location.slice(0, 50)} (${code})`, () => expectRefused(follow(location), code));
  }
});

describe("how long a peer asks us to wait", () => {
  const now = new Date("2026-11-23T10:00:00Z");

  it("is read as seconds or as a date, and never more than a day", () => {
    expect(parseRetryAfter("120", now)).to.equal(120);
    expect(parseRetryAfter("Mon, 23 Nov 2026 10:01:00 GMT", now)).to.equal(60);
    expect(parseRetryAfter("Mon, 23 Nov 2026 09:00:00 GMT", now)).to.equal(0);
    expect(parseRetryAfter("99999999999", now)).to.equal(86_400);
  });

  it("is unknown when it is anything else", () => {
    for (const header of [null, "", "soon", "-", "1".repeat(100)]) {
      expect(parseRetryAfter(header, now)).to.equal(null);
    }
  });
});
