import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const isTest = (name) => name.endsWith(".test.ts");

/** Packages that tests bring along have tests of their own, which are not ours to run. */
function testsUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : testsUnder(path);
    return entry.isFile() && isTest(entry.name) ? [path] : [];
  });
}

/** A test file's text, with that of the suites which several files run, each on something else. */
function textOf(file) {
  const own = readFileSync(file, "utf8");
  const suites = [...own.matchAll(/from "(\.\/[\w.-]+\.conformance)\.js"/g)];
  return [
    own,
    ...suites.map(([, path]) => readFileSync(join(dirname(file), `${path}.ts`), "utf8")),
  ].join();
}

/** How long a file may take: the most milliseconds that something in it asks for, then how much it holds. */
function weightOf(file) {
  const text = textOf(file);
  const asked = [...text.matchAll(/\btimeout\((\d[\d_]*)\)/g)];
  const ms = Math.max(0, ...asked.map(([, number]) => Number(number.replaceAll("_", ""))));
  return { file, ms, length: text.length };
}

/**
 * The test files that the words on the command line ask for: a file, a folder, or a part of a path;
 * without words all of them. Those that ask for the most time come first, and of the others the largest, so
 * that no long file is left for the end.
 * @param {string} root the folder of package.json
 * @param {string[]} words
 */
export function chooseFiles(root, words) {
  const all = testsUnder(join(root, "test"));
  const asked = words.flatMap((word) => {
    const path = resolve(root, word);
    if (!existsSync(path)) return all.filter((file) => relative(root, file).includes(word));
    return statSync(path).isDirectory() ? testsUnder(path) : [path];
  });
  const chosen = [...new Set(words.length === 0 ? all : asked)];
  const weighed = chosen.map(weightOf);
  return weighed.sort((a, b) => b.ms - a.ms || b.length - a.length).map(({ file }) => file);
}
