import { expect } from "chai";
import { clientOf } from "../../src/federation/client.js";

describe("what one client may use up", () => {
  const clients: Record<string, string> = {
    "192.0.2.7": "192.0.2.7",
    "::ffff:192.0.2.7": "192.0.2.7",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2",
    "2001:db8::6": "2001:db8:0:0",
    "::1": "0:0:0:0",
    "fe80::1%eth0": "fe80:0:0:0",
  };
  for (const [address, client] of Object.entries(clients)) {
    it(`is one for ${address} and its network`, () => {
      expect(clientOf(address)).to.equal(client);
    });
  }
});
