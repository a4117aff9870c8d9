import { expect } from "chai";
import { createLog } from "../../src/hosting/log.js";

function logged(error: unknown): string {
  const lines: string[] = [];
  const log = createLog({ logLevel: "info" }, { write: (line) => void lines.push(line) });
  log.warn({ err: error, password: "hunter2", member: { token: "hunter2" } }, "left to the sweep");
  return lines.join("");
}

describe("the log of a deployment", () => {
  it("tells of a mail address that is taken that one is, and not which", () => {
    const message =
      'E11000 duplicate key error collection: parvis.accounts index: instanceId_1_mail_1 dup key: { mail: "camille@example.org" }';
    const refused = Object.assign(new Error(message), {
      ...{ code: 11_000, keyValue: { mail: "camille@example.org" } },
      writeErrors: [{ op: { mail: "camille@example.org" } }],
    });

    const line = logged(new Error("the account was not made", { cause: refused }));
    const bare = logged(refused);

    for (const text of [line, bare]) expect(text).not.to.contain("camille");
    expect(line).to.contain("dup key: …");
    expect(JSON.parse(bare)).to.have.nested.include({ "err.code": 11_000, "err.type": "Error" });
    expect(JSON.parse(bare)).to.have.nested.property("err.stack").that.contains("log.test");
  });

  it("repeats no password of an address, and no query", () => {
    const line = logged(new Error("connect mongodb://parvis:hunter2@db.example/?key=hunter2"));

    expect(line).to.contain("mongodb://db.example/").and.not.to.contain("hunter2@");
    expect(line).not.to.contain("key=hunter2");
  });

  it("takes what is no error, too", () => {
    expect(JSON.parse(logged("no more room"))).to.include({ err: "no more room" });
  });
});
