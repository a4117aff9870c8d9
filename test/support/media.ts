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
    async *list(only) {
      for (const path of files.keys()) {
        const [owner = "", name = ""] = path.split("/");
        if (only === undefined || owner === only) yield { owner, name };
      }
    },
    remove: async (owner, name) => void files.delete(`${owner}/${name}`),
    check: async () => undefined,
    close: async () => undefined,
  };
}

/** A picture to upload. */
export async function aPicture(red = 10, side = 600): Promise<Buffer> {
  // Hundreds of processes of tests have kept files and no picture, and sharp is slow to load.
  const { default: sharp } = await import("sharp");
  const background = { r: red, g: 90, b: 120, alpha: 0.6 };
  return sharp({ create: { width: side, height: side, channels: 4, background } })
    .png()
    .toBuffer();
}
