import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { root } from "./process.js";

const realFile = join(root, "..", "shared", "data", "barcelona-pam-2016.ndjson.gz");

const words =
  "rue école parc vélo arbre place marché jardin quai tram trottoir banc lumière bibliothèque eau " +
  "sécurité quartier mairie enfants aînés commerce nuit bruit piscine théâtre passage fontaine ombre";

/** What the measurements are made with, in words for the report. */
export function sampleName(): string {
  return existsSync(realFile) ? "5,430 real proposals of a city, in 2016" : "5,430 made proposals";
}

/** Lines of an import file: real proposals where they are at hand, made ones otherwise. */
export async function* sampleLines(): AsyncGenerator<string> {
  if (!existsSync(realFile)) return yield* madeLines(5_430);
  yield* createInterface({ input: createReadStream(realFile).pipe(createGunzip()) });
}

function* madeLines(count: number): Generator<string> {
  const random = sequence(7);
  for (let id = 1; id <= count; id++) {
    const createdAt = new Date(Date.UTC(2016, 0, 1) + id * 600_000).toISOString();
    const author = (): string => `citizen-${Math.floor(random() * 5_000)}`;
    const comments = Array.from({ length: random() < 0.3 ? Math.floor(random() * 12) : 0 }).map(
      (_, at) => ({
        ...{ id: id * 100 + at, parent: at > 2 ? id * 100 : null, author: author(), createdAt },
        body: `<p>${saying(random, 30)}</p>`,
      }),
    );
    yield JSON.stringify({
      ...{ id, code: `M-${id}`, title: saying(random, 8), body: saying(random, 90) },
      ...{ category: "Ville", subcategory: `Sujet ${id % 30}`, district: `Quartier ${id % 10}` },
      ...{ createdAt, author: author(), supports: Math.floor(random() ** 4 * 900), comments },
      status: random() < 0.7 ? "accepted" : "rejected",
    });
  }
}

function saying(random: () => number, length: number): string {
  const all = words.split(" ");
  return Array.from({ length }, () => all[Math.floor(random() ** 2 * all.length)]).join(" ");
}

/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
