import { mkdir } from "node:fs/promises";
import type { Config } from "../config.js";
import type { Media } from "../drivers/media.js";
import { mediaFolder, openMedia } from "../drivers/media/open.js";

/** Where the pictures of a backup go while it is restored. */
export interface StagedMedia {
  readonly media: Media;
  /** Once everything has its place: what the backup does not hold is no longer there. */
  keepOnlyThese(): Promise<void>;
}

/**
 * A folder beside the one that they will replace; or the bucket itself, where a picture of the backup
 * can take no other's place, since its name is the SHA-256 of its content: whatever a restore that
 * fails leaves there is in nobody's way.
 */
export async function stageMedia(config: Config, folder: string): Promise<StagedMedia> {
  if (config.s3 === null) {
    const media = await openMedia({ dataDir: folder, s3: null });
    // Also when there are none, so that it replaces what is there.
    await mkdir(mediaFolder({ dataDir: folder }), { recursive: true, mode: 0o700 });
    return { media, keepOnlyThese: async () => undefined };
  }
  const bucket = await openMedia(config);
  const wanted = new Set<string>();
  return {
    media: {
      ...bucket,
      async put(owner, bytes, extension) {
        const name = await bucket.put(owner, bytes, extension);
        wanted.add(`${owner}/${name}`);
        return name;
      },
    },
    async keepOnlyThese() {
      for await (const { owner, name } of bucket.list()) {
        if (!wanted.has(`${owner}/${name}`)) await bucket.remove(owner, name);
      }
    },
  };
}
