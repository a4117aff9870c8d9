import { expect } from "chai";
import { isGlobalUnicast, mayConnect } from "../../src/drivers/fetch/addresses.js";

const refused = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.8",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::7f00:1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "64:ff9b::7f00:1",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2001:2::1",
  "2001:10::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "3fff::1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%lo",
  "fec0::1",
  "ff02::1",
  "not-an-address",
  "",
];

const allowed = ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"];

describe("the addresses that we connect to", () => {
  for (const address of refused) {
    it(`leave out ${address === "" ? "the empty one" : address}`, () => {
      expect(isGlobalUnicast(address)).to.equal(false);
    });
  }

  for (const address of allowed) {
    it(`include ${address}`, () => {
      expect(isGlobalUnicast(address)).to.equal(true);
    });
  }

  it("include loopback and private networks for a demonstration, but never cloud metadata", () => {
    expect(mayConnect("127.0.0.1", true)).to.equal(true);
    expect(mayConnect("::1", true)).to.equal(true);
    expect(mayConnect("10.1.2.3", true)).to.equal(true);
    expect(mayConnect("169.254.169.254", true)).to.equal(false);
    expect(mayConnect("0.0.0.0", true)).to.equal(false);
  });
});
