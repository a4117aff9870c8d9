import { join } from "node:path";
import { expect } from "chai";
import { borrow, root, run, scratchFolder, write } from "./scratch.js";

const thing = "export const thing = 1;\nexport interface Thing { a: 1 }\n";
const imports = (from: string) => `import { thing } from "${from}";\nexport const seen = thing;\n`;
const importsType = (from: string) =>
  `import type { Thing } from "${from}";\nexport type Seen = Thing;\n`;
const usesPackage = (name: string) => `import * as it from "${name}";\nexport const seen = it;\n`;

const allowed = {
  "src/drivers/clock.ts": thing,
  "src/drivers/store/mongo.ts": usesPackage("mongodb"),
  "src/drivers/store/typed.ts": 'import type { Db } from "mongodb";\nexport type Store = Db;\n',
  "src/kit/index.ts": imports("../drivers/clock.js"),
  "src/config.ts": imports("./drivers/clock.js"),
  "src/hosting/web.ts": imports("../config.js") + 'import "express";\nimport "../kit/index.js";\n',
  "src/features/proposals/proposal.ts": thing,
  "src/features/proposals/proposals.ts": imports("./proposal.js"),
  "src/features/proposals/proposals.pages.ts": thing,
  "src/features/responses/response.ts": imports("../proposals/proposals.js"),
  "src/federation/outbound.ts": imports("../features/proposals/proposal.js"),
  "src/federation/apex/store.ts": usesPackage("activitypub-express"),
  "src/app.ts": 'import "./config.js";\nimport "./federation/outbound.js";\n' + thing,
  "src/main.ts": imports("./app.js"),
  "src/cli.ts": imports("./app.js"),
  "src/demo/main.ts": imports("../cli.js"),
};

/** Each file breaks one rule; the rule's name follows. */
const forbidden: Record<string, [text: string, rule: string]> = {
  "src/drivers/up.ts": [imports("../kit/index.js"), "drivers-looks-left-only"],
  "src/drivers/up-type.ts": [importsType("../app.js"), "drivers-looks-left-only"],
  "src/kit/up.ts": [importsType("../hosting/web.js"), "kit-looks-left-only"],
  "src/hosting/up.ts": [imports("../features/proposals/proposal.js"), "hosting-looks-left-only"],
  "src/features/topics/topic.ts": [
    importsType("../../federation/outbound.js"),
    "features-looks-left-only",
  ],
  "src/features/topics/later.ts": [
    'export const later = () => import("../../federation/outbound.js");\n',
    "features-looks-left-only",
  ],
  "src/features/topics/again.ts": [
    'export { thing } from "../../app.js";\n',
    "features-looks-left-only",
  ],
  "src/features/digests/digest.ts": [
    importsType("../proposals/proposals.pages.js"),
    "features-meet-in-records-and-use-cases",
  ],
  "src/features/one/one.ts": [importsType("../two/two.js"), "features-are-acyclic"],
  "src/features/two/two.ts": [thing, ""],
  "src/features/two/back.ts": [importsType("../one/one.js"), "features-are-acyclic"],
  "src/federation/up.ts": [imports("../app.js"), "federation-looks-left-only"],
  "src/migrations/0001-up.ts": [imports("../kit/index.js"), "migrations-looks-left-only"],
  "src/kit/database.ts": [usesPackage("mongodb"), "mongodb-is-fenced"],
  "src/kit/database-type.ts": [
    'import type { Db } from "mongodb";\nexport type Store = Db;\n',
    "mongodb-is-fenced",
  ],
  "src/features/topics/web.ts": [usesPackage("express"), "express-is-fenced"],
  "src/federation/direct.ts": [usesPackage("activitypub-express"), "activitypub-express-is-fenced"],
  "src/hosting/queue.ts": [usesPackage("bullmq"), "bullmq-is-fenced"],
  "src/hosting/rows.ts": [usesPackage("libsql"), "libsql-is-fenced"],
  "src/hosting/fetch.ts": [usesPackage("undici"), "undici-is-fenced"],
  "src/kit/missing.ts": [imports("./nowhere.js"), "everything-imported-exists"],
  "src/kit/tool.ts": [usesPackage("chai"), "no-development-package-at-run-time"],
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

async function violations(folder: string): Promise<string[]> {
  const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [cruiser, "--config", ".dependency-cruiser.cjs", "-T", "json", "src"];
  const { out } = await run(args, folder);
  const { summary } = JSON.parse(out.slice(out.indexOf("{"))) as {
    summary: { violations: Violation[] };
  };
  return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
}

describe("the arrows between folders", () => {
  const folder = scratchFolder();
  let clean: string[];
  let found: string[];
  before(async function () {
    this.timeout(60_000);
    borrow(folder(), [".dependency-cruiser.cjs", "package.json", "tsconfig.json"]);
    write(folder(), allowed);
    clean = await violations(folder());
    write(folder(), Object.fromEntries(Object.entries(forbidden).map(([f, [t]]) => [f, t])));
    found = await violations(folder());
  });

  it("let every folder see what stands on its left", () => {
    expect(clean).to.deep.equal([]);
  });

  for (const [file, [, rule]] of Object.entries(forbidden)) {
    if (rule === "") continue;
    it(`refuse ${file} by ${rule}`, () => {
      const place = rule === "features-are-acyclic" ? file.replace(/\/[^/]+$/, "") : file;
      expect(found).to.include(`${place}: ${rule}`);
    });
  }
});
