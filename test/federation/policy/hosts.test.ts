import { expect } from "chai";
import { canonicalHost, isWithin, namesFor } from "../../../src/federation/policy/hosts.js";
import { parseCsv } from "../../../src/federation/policy/csv.js";

describe("a server on a list", () => {
  const spellings: ReadonlyArray<readonly [string, string | null]> = [
    ["Evil.Example", "evil.example"],
    [" https://evil.example./any?x ", "evil.example"],
    ["evil.example:443", "evil.example"],
    ["evil.example:8443", "evil.example:8443"],
    ["*.evil.example", "evil.example"],
    ["@evil.example", "evil.example"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["ｅｖｉｌ.example", "evil.example"],
    ["evil。example", "evil.example"],
    ["127.1", "127.0.0.1"],
    ["[::1]:3000", "[::1]:3000"],
    ["", null],
    ["a b", null],
    ["user@evil.example", null],
    ["evil..example", null],
    ["ftp://evil.example", null],
    ["evil.example:99999", null],
  ];
  for (const [typed, host] of spellings) {
    it(`is ${host ?? "nobody"} when written "${typed}"`, () => {
      expect(canonicalHost(typed)).to.equal(host);
    });
  }

  it("means its subdomains, its ports and itself, and no other name that ends alike", () => {
    expect(isWithin("a.b.evil.example:8443", "evil.example")).to.equal(true);
    expect(isWithin("evil.example.", "evil.example")).to.equal(true);
    expect(isWithin("notevil.example", "evil.example")).to.equal(false);
    expect(isWithin("evil.example.net", "evil.example")).to.equal(false);
    expect(isWithin("evil.example", "evil.example:8443")).to.equal(false);
    expect(namesFor("10.0.0.1")).to.deep.equal(["10.0.0.1"]);
    expect(namesFor("b.evil.example")).to.deep.equal(["b.evil.example", "evil.example"]);
    expect(namesFor(`${"a.".repeat(120)}example`).length).to.be.lessThan(25);
  });

  it("is read from a list with quotes, commas, line ends of any kind and a byte order mark", () => {
    expect(
      parseCsv('\uFEFF#domain,#why\r\na.example,"x, ""y""\nz"\rb.example,\nc.example'),
    ).to.deep.equal([
      ["#domain", "#why"],
      ["a.example", 'x, "y"\nz'],
      ["b.example", ""],
      ["c.example"],
    ]);
    expect(parseCsv('a,"open')).to.deep.equal([["a", "open"]]);
    expect(parseCsv('"a"b,c')).to.have.length.at.most(1);
    expect(parseCsv("")).to.deep.equal([]);
  });
});
