import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import {
  isMediaFile,
  isMediaOwner,
  mediaFileOf,
  mediaTypes,
  MediaUnavailable,
  verifiedMedia,
  type Media,
  type MediaFile,
} from "../media.js";
import { createS3Requests, type S3Patience, type S3Place, type S3Requests } from "./s3-requests.js";
import { readListPage, type ListPage } from "./s3-xml.js";

/** Three tries within half a minute: who uploads waits for them. */
const usualPatience: S3Patience = { tryMs: 10_000, tries: 3, restMs: 200 };

/** Pictures that many pages show are asked for once in a while. */
const keptBytes = 16_000_000;
const keptMs = 600_000;

/**
 * Keep files as objects of a bucket that speaks S3, each at `owner/name`. The bucket is to be the
 * deployment's own.
 */
export function createS3Media(place: S3Place, patience: S3Patience = usualPatience): Media {
  const requests = createS3Requests(place, patience);
  const known = new LRUCache<string, Buffer>({ maxSize: keptBytes, ttl: keptMs });

  return {
    async put(owner, bytes, extension) {
      const file = mediaFileOf(owner, bytes, extension);
      const type = mediaTypes[extension];
      await requests.ask({ method: "PUT", key: keyOf(file), body: bytes, type });
      return file.name;
    },
    async get(owner, name) {
      const file = { owner, name };
      if (!isMediaFile(file)) return null;
      const key = keyOf(file);
      const found = known.get(key);
      if (found !== undefined) return found;
      const { status, body } = await requests.ask({ method: "GET", key });
      if (status === 404) return null;
      const bytes = verifiedMedia(file, body);
      known.set(key, bytes, { size: Math.max(1, bytes.byteLength) });
      return bytes;
    },
    list: (owner) => listFiles(requests, owner),
    async remove(owner, name) {
      if (!isMediaFile({ owner, name })) return;
      const key = keyOf({ owner, name });
      known.delete(key);
      await requests.ask({ method: "DELETE", key });
    },
    check: () => tryOut(requests),
    close: () => requests.close(),
  };
}

function keyOf({ owner, name }: MediaFile): string {
  return `${owner}/${name}`;
}

/** Keys come in the order of their bytes (S3 API reference, ListObjectsV2). */
async function* listFiles(requests: S3Requests, only?: string): AsyncGenerator<MediaFile> {
  if (only !== undefined && !isMediaOwner(only)) return;
  const whose: Record<string, string> = only === undefined ? {} : { prefix: `${only}/` };
  let token: string | null = null;
  do {
    const query: Record<string, string> = { "list-type": "2", ...whose };
    if (token !== null) query["continuation-token"] = token;
    const page: ListPage | null = readListPage(
      (await requests.ask({ method: "GET", key: "", query })).body,
    );
    if (page === null || (token !== null && page.next === token)) {
      throw new MediaUnavailable("the bucket's list of pictures makes no sense");
    }
    for (const key of page.keys) {
      const [owner = "", name = "", ...more] = key.split("/");
      if (more.length === 0 && isMediaFile({ owner, name })) yield { owner, name };
    }
    token = page.next;
  } while (token !== null);
}

/** No file has such a name: the trial is in nobody's list. */
async function tryOut(requests: S3Requests): Promise<void> {
  const key = `.trial/${randomUUID()}`;
  const body = Buffer.from("trial");
  await requests.ask({ method: "PUT", key, body, type: "text/plain" });
  const found = await requests.ask({ method: "GET", key });
  await requests.ask({ method: "DELETE", key });
  if (!found.body.equals(body)) throw new MediaUnavailable("the bucket gives back something else");
}
