import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { root } from "./scratch.js";

const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
  .split("\0")
  .filter((name) => existsSync(join(root, name)))
  .filter((name) => /\.(ts|mjs|cjs|js|json|md|hbs|css|ya?ml|sh)$|(^|\/)[^.]+$/.test(name));

/** Every line of the files that matches, as `file:line text`. */
function linesMatching(pattern: RegExp, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const lines = readFileSync(join(root, file), "utf8").split("\n");
    return lines.flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1} ${line}`] : []));
  });
}

/** What would keep state between two instances, or between two tests, in a module. */
function mutableState(source: string): string[] {
  const bindings = source.match(/^(?:export )?(?:let|var) .*$/gm) ?? [];
  const containers = [
    ...source.matchAll(
      /^(?:export )?const \w+(?<type>:[^=]*(?:=>[^=]*)*)?\s*=\s*(?<value>new (?:WeakMap|WeakSet|LRUCache)\b|new (?:Map|Set)\b[^(]*\(\s*\)|new (?:Map|Set)\b[^(]*\(\s*\[\s*\]|\[\];|\{\};)/gm,
    ),
  ].filter(({ groups }) => {
    return !/ReadonlyMap|ReadonlySet|readonly |Readonly</.test(groups?.["type"] ?? "");
  });
  return [...bindings, ...containers.map(([text]) => text)];
}

interface Locked {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** What a locked package wants and the lock does not hold where Node would look for it. */
function missingFromLock(packages: Record<string, Locked>): string[] {
  return Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) => {
    const above = path.split("node_modules/").map((_, at, parts) => parts.slice(0, at + 1));
    const places = above.map((parts) => parts.join("node_modules/").replace(/\/?$/, "/"));
    return Object.keys({ ...dependencies, ...optionalDependencies }).filter(
      (name) =>
        !["", ...places].some((at) => `${at.replace(/^\//, "")}node_modules/${name}` in packages),
    );
  });
}

describe("the rules of the house", () => {
  it("keep no state in modules, so that hundreds of instances share a process", () => {
    const sources = tracked.filter((name) => /^src\/(?!bootstrap\/|browser\/).*\.ts$/.test(name));
    const found = sources.flatMap((file) =>
      mutableState(readFileSync(join(root, file), "utf8")).map((text) => `${file}: ${text}`),
    );
    expect(found).to.deep.equal([]);
  });

  it("recognise state in modules, and what only looks like it", () => {
    for (const kept of [
      "let count = 0;",
      "export let count = 0;",
      "const seen = new Map<string, number>();",
      "export const seen: Set<string> =\n  new Set();",
      "const cache = new LRUCache({ max: 10 });",
      "const list: string[] = [];",
      "const byName: Record<string, number> = {};",
    ]) {
      expect(mutableState(kept), kept).to.have.length(1);
    }
    for (const fixed of [
      "const names: ReadonlySet<string> = new Set(['a']);",
      "const names = new Set([404, 410]);",
      "const names: ReadonlyMap<string, () => void> = new Map([]);",
      "function f() {\n  let count = 0;\n  const seen = new Map();\n}",
      "const none: readonly string[] = [];",
      "const make = () => new Map();",
    ]) {
      expect(mutableState(fixed), fixed).to.deep.equal([]);
    }
  });

  it("leave nothing unfinished behind", () => {
    const marks = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
    const off = /\b(?:describe|it|context)\.(?:skip|only)\(/;
    const files = tracked.filter((name) => name !== "LICENSE");
    expect(linesMatching(marks, files)).to.deep.equal([]);
    expect(linesMatching(off, files)).to.deep.equal([]);
  });

  it("name no folder of somebody's machine", () => {
    const places = new RegExp(
      ["/work/(?:main|shared)", "/tmp/\\w", "/home/\\w+/", "/Users/\\w+/"].join("|"),
    );
    const files = tracked.filter((name) => !/^(?:test\/|docker\/|deploy\/|LICENSE)/.test(name));
    expect(linesMatching(places, files)).to.deep.equal([]);
  });

  it("lock packages by content, never by the registry they came from", () => {
    const locks = tracked.filter((name) => name.endsWith("package-lock.json"));
    expect(locks).to.include("package-lock.json");
    expect(linesMatching(/"resolved":/, locks)).to.deep.equal([]);
  });

  it("lock the builds for every platform, without which a clean install is refused", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Record<string, Locked>;
    };
    expect(missingFromLock(lock.packages)).to.deep.equal([]);
    const incomplete = {
      "": { dependencies: { a: "1" } },
      "node_modules/a": { optionalDependencies: { b: "1" } },
    };
    expect(missingFromLock(incomplete)).to.deep.equal(["b"]);
  });
});
