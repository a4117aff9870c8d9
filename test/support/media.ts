import { createHash } from "node:crypto";
import type { Media } from "../../src/drivers/media.js";

/** Kept files in memory. */
export function aMedia(): Media {
  const files = new Map<string, Buffer>();
  return {
    async put(owner, bytes, extension) {
      const name = `${createHash("sha256").update(bytes).digest("hex")}.${extension}`;
      files.set(`${owner}/${name}`, Buffer.from(bytes));
      return name;
    },
    get: async (owner, name) => files.get(`${owner}/${name}`) ?? null,
    async *list() {
      for (const path of files.keys()) {
        const [owner = "", name = ""] = path.split("/");
        yield { owner, name };
      }
    },
    remove: async (owner, name) => void files.delete(`${owner}/${name}`),
    check: async () => undefined,
    close: async () => undefined,
  };
}
