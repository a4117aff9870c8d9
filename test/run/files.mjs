import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const isTest = (name) => name.endsWith(".test.ts");

function testsUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isTest(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
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
