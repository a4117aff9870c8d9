import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { checkMigrations, missingFrom, type Migration } from "../../src/migrations/migration.js";
import { migrations } from "../../src/migrations/run.js";
import { faultsOf, type Landed } from "./landed.js";

const folder = new URL("../../src/migrations/", import.meta.url);
const landed = JSON.parse(
  readFileSync(new URL("./landed.json", import.meta.url), "utf8"),
) as Landed[];

function named(...names: readonly string[]): Migration[] {
  return names.map((name) => ({ name, collection: "things", reads: [], change: () => null }));
}

describe("The migrations of the project", () => {
  const files = readdirSync(folder)
    .filter((file) => /^\d.*\.ts$/.test(file))
    .map((file) => file.replace(/\.ts$/, ""))
    .sort();

  it("are a file each, in the order of their numbers, and all of them are run", () => {
    checkMigrations(migrations);
    expect(migrations.map(({ name }) => name)).to.deep.equal(files);
  });

  it("only become more: one that has landed stays as it ran in every city", () => {
    const present = files.map((name) => ({
      name,
      sha256: createHash("sha256")
        .update(readFileSync(new URL(`${name}.ts`, folder)))
        .digest("hex"),
    }));
    expect(faultsOf(landed, present)).to.deep.equal([]);
  });
});

describe("The rules of migrations", () => {
  const [one, two, three] = ["1", "2", "3"].map((n) => ({ name: `000${n}-it`, sha256: n }));
  if (!one || !two || !three) throw new Error("there are three");

  it("want a new one listed, and refuse one that is changed, missing, or put before another", () => {
    expect(faultsOf([one], [one])).to.deep.equal([]);
    expect(faultsOf([one], [one, two])).to.deep.equal([
      `add to landed.json: ${JSON.stringify(two)}`,
    ]);
    expect(faultsOf([one, two], [one, { ...two, sha256: "9" }])).to.have.length(1);
    expect(faultsOf([one, two], [one])).to.have.length(1);
    expect(faultsOf([one, three], [one, two, three])).to.have.length(1);
  });

  it("refuse a name without a number, and a number that was given before", () => {
    checkMigrations(named("0001-a", "0002-b-c", "0010-a"));
    for (const names of [
      ["1-a"],
      ["0001-A"],
      ["0001-"],
      ["0002-a", "0001-b"],
      ["0001-a", "0001-b"],
    ]) {
      expect(() => checkMigrations(named(...names)), names.join()).to.throw(/migration/);
    }
  });

  it("refuse to read what no filter can hold still: an item of an array, or one field twice", () => {
    const reading = (...reads: readonly string[]): Migration[] =>
      named("0001-a").map((one) => ({ ...one, reads }));
    checkMigrations(reading("title", "counts.supports", "counts.comments", "titles"));
    for (const reads of [
      ["tags.0"],
      ["parts.3.title"],
      ["counts."],
      [""],
      ["$where"],
      ["a.$b"],
      ["title", "title"],
      ["counts.supports", "counts"],
    ]) {
      expect(() => checkMigrations(reading(...reads)), reads.join()).to.throw(/0001-a/);
    }
  });

  it("know what has to run, also while a newer release has run more", () => {
    const list = named("0001-a", "0002-b");
    const missing = (...done: readonly string[]): string[] =>
      missingFrom(list, new Set(done)).map(({ name }) => name);
    expect(missing()).to.deep.equal(["0001-a", "0002-b"]);
    expect(missing("0001-a")).to.deep.equal(["0002-b"]);
    expect(missing("0001-a", "0002-b", "0003-c")).to.deep.equal([]);
    expect(() => missing("0002-b")).to.throw("0001-a stands before 0002-b");
  });
});
