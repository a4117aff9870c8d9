import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const isTest = (name) => name.endsWith(".test.ts");

/** Packages that tests bring along have tests of their own, which are not ours to run. */
function testsUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : testsUnder(path);
    return entry.isFile() && isTest(entry.name) ? [path] : [];
  });
}

/**
 * The test files that the words on the command line ask for: a file, a folder, or a part of a path;
 * without words all of them. The largest come first, so that no long file is left for the end.
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
  const size = new Map(chosen.map((file) => [file, statSync(file).size]));
  return chosen.sort((a, b) => size.get(b) - size.get(a));
}
