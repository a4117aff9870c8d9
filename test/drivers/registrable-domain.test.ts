import { expect } from "chai";
import { registrableDomain } from "../../src/drivers/registrable-domain.js";

describe("what the holder of a domain may use up", () => {
  const domains: Record<string, string> = {
    "a.b.evil.example": "evil.example",
    "evil.co.uk:8443": "evil.co.uk",
    "one.evil.co.uk": "evil.co.uk",
    "valmont.github.io": "valmont.github.io",
    "127.0.0.1:3000": "127.0.0.1:3000",
    "[2001:db8::1]:443": "[::]",
    "localhost:3000": "localhost",
  };
  for (const [host, domain] of Object.entries(domains)) {
    it(`is one for ${host} and all of ${domain}`, () => {
      expect(registrableDomain(host)).to.equal(domain);
    });
  }
});
