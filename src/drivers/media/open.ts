import { join } from "node:path";
import type { Media } from "../media.js";
import { createFileMedia } from "./files.js";
import type { S3Place } from "./s3-requests.js";

/** What says where uploaded files are kept. */
export interface MediaPlace {
  readonly dataDir: string;
  /** The bucket they are kept in; null: a folder. */
  readonly s3: S3Place | null;
}

/** The folder in which files are kept where there is no bucket. */
export function mediaFolder({ dataDir }: Pick<MediaPlace, "dataDir">): string {
  return join(dataDir, "media");
}

/** Open the place of uploaded files; what speaks S3 is loaded only for a bucket. */
export async function openMedia(place: MediaPlace): Promise<Media> {
  if (place.s3 === null) return createFileMedia(mediaFolder(place));
  const { createS3Media } = await import("./s3.js");
  return createS3Media(place.s3);
}
