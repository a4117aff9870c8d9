import { join } from "node:path";
import { expect } from "chai";
import { borrow, root, run, scratchFolder, write } from "./scratch.js";

/** Each file breaks the rule named beside it. */
const forbidden: Record<string, [text: string, rule: string]> = {
  "src/floating.ts": [
    "const later = async () => 1;\nexport function now() {\n  later();\n}\n",
    "no-floating-promises",
  ],
  "src/misused.ts": [
    "const later = async () => true;\nexport const now = () => (later() ? 1 : 2);\n",
    "no-misused-promises",
  ],
  "src/thenable.ts": ["export const now = async () => await 1;\n", "await-thenable"],
  "src/any.ts": ["export const loose = (value: any) => value;\n", "no-explicit-any"],
  "src/default.ts": ["const one = 1;\nexport default one;\n", "no-default-export"],
  "src/equal.ts": ["export const same = (a: unknown) => a == 1;\n", "eqeqeq"],
  "src/says.ts": ['console.log("said");\n', "no-console"],
  "src/reads-settings.ts": ["export const home = process.env.HOME;\n", "no-process-env"],
  "src/reads-settings-too.ts": [
    'import { env } from "node:process";\nexport const home = env.HOME;\n',
    "no-restricted-imports",
  ],
  "src/type.ts": [
    'import { Stats } from "node:fs";\nexport type Size = Stats;\n',
    "consistent-type-imports",
  ],
  "src/drivers/store/other.ts": [
    'import { MongoClient } from "mongodb";\nexport const make = () => MongoClient;\n',
    "no-restricted-imports",
  ],
  "src/here.ts": [
    'import { there } from "./there.js";\nexport const here = () => there;\n',
    "no-cycle",
  ],
  "src/there.ts": [
    'import { here } from "./here.js";\nexport const there = () => here;\n',
    "no-cycle",
  ],
};

const allowed = {
  "src/config.ts": "export const home = process.env.HOME;\n",
  "src/cli.ts": 'console.log("said");\n',
  "src/drivers/store/mongo.ts":
    'import { MongoClient } from "mongodb";\nexport const make = () => MongoClient;\n',
  "src/drivers/store/typed.ts": 'import type { Db } from "mongodb";\nexport type Store = Db;\n',
  "src/left.ts": 'import type { Right } from "./right.js";\nexport type Left = Right | 1;\n',
  "src/right.ts": 'import type { Left } from "./left.js";\nexport type Right = Left[];\n',
};

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
}

async function lint(folder: string): Promise<string[]> {
  const linter = join(root, "node_modules/oxlint/bin/oxlint");
  const { out } = await run([linter, "--type-aware", "--format=json", "src"], folder);
  const { diagnostics } = JSON.parse(out.slice(out.indexOf("{"))) as { diagnostics: Diagnostic[] };
  return diagnostics.map(({ filename, code }) => `${filename}: ${/\((.*)\)/.exec(code)?.[1]}`);
}

describe("the linter", () => {
  const folder = scratchFolder();
  let clean: string[];
  let found: string[];
  before(async function () {
    this.timeout(60_000);
    borrow(folder(), [".oxlintrc.json", "package.json", "tsconfig.json"]);
    write(folder(), allowed);
    clean = await lint(folder());
    write(folder(), Object.fromEntries(Object.entries(forbidden).map(([f, [t]]) => [f, t])));
    found = await lint(folder());
  });

  it("lets settings, the command line and the one store file do what only they may", () => {
    expect(clean).to.deep.equal([]);
  });

  for (const [file, [, rule]] of Object.entries(forbidden)) {
    it(`refuses ${file} by ${rule}`, () => expect(found).to.include(`${file}: ${rule}`));
  }

  it("leaves enumerations to the compiler, which refuses them", async function () {
    this.timeout(60_000);
    write(folder(), { "src/enum.ts": "export enum Colour {\n  Red,\n}\n" });
    const compiler = join(root, "node_modules/typescript/bin/tsc");

    const { out } = await run([compiler, "-p", "."], folder());

    expect(out).to.match(/src\/enum\.ts.*TS1294/);
  });
});
