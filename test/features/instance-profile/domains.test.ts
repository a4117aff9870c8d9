import { expect } from "chai";
import { domainsOf, hostNameOf } from "../../../src/features/instance-profile/profile.js";
import { profileFieldsOf, profileFieldViews, Refusal } from "../../../src/kit/index.js";

describe("the sites that may name an instance as an author", () => {
  it("are host names, one a line, each once, as the name system has them", () => {
    expect(domainsOf("blog.example\nBLOG.example.\n\n été.example, a-b.example")).to.deep.equal([
      ...["blog.example", "xn--t-9fab.example", "a-b.example"],
    ]);
  });

  it("are neither addresses, nor numbers, nor anything that hides a name", () => {
    const hostile = [
      ...["https://blog.example", "blog.example/x", "blog.example:80", "user@blog.example"],
      ...["127.0.0.1", "[::1]", "0x7f.1", "localhost", "-a.example", "a..example", "a_b.example"],
      ...[
        "exa mple.org",
        "a.example?x",
        "a.example#x",
        "a\\b.example",
        `${"a".repeat(64)}.example`,
      ],
      `${"a.".repeat(130)}example`,
    ];
    for (const typed of hostile) expect(hostNameOf(typed), typed).to.equal(null);
    expect(() => domainsOf("blog.example\n127.0.0.1")).to.throw(Refusal);
  });

  it("are 256 at most, our own included", () => {
    const many = Array.from({ length: 256 }, (_, at) => `s${at}.example`);

    expect(domainsOf(many.slice(1).join("\n"))).to.have.length(255);
    expect(() => domainsOf(many.join("\n"))).to.throw(Refusal);
  });
});

describe("the lines of a profile", () => {
  it("leave out what is empty, and ask for the half that is missing", () => {
    const typed = { fieldLabel1: "", fieldValue1: "", fieldLabel3: "Site", fieldValue3: "Ici" };

    expect(profileFieldsOf(typed)).to.deep.equal([{ label: "Site", value: "Ici" }]);
    expect(() => profileFieldsOf({ fieldLabel2: "Site", fieldValue2: "" })).to.throw(Refusal);
    expect(() => profileFieldsOf({ fieldLabel2: "", fieldValue2: "Ici" })).to.throw(Refusal);
  });

  it("lead only to web addresses", () => {
    const values = [
      "https://a.example/x/",
      "javascript:alert(1)",
      "http://u:p@a.example",
      "www.a.b",
    ];
    const views = profileFieldViews(values.map((value) => ({ label: "L", value })));

    expect(views.map(({ href }) => href)).to.deep.equal([values[0], null, null, null]);
    expect(views[0]?.text).to.equal("a.example/x");
  });
});
