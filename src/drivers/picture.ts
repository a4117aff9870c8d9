import type { Sharp } from "sharp";
import type { MediaExtension } from "./media.js";

/** A picture made anew: nothing of the file it came from is left but what is seen. */
export interface Picture {
  readonly bytes: Buffer;
  readonly extension: MediaExtension;
}

/** The size a picture is brought to, cut at its edges where its shape differs. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** Whether see-through parts stay; otherwise they become white. */
  readonly transparent: boolean;
}

/** A picture of more pixels is refused before it is unpacked. */
const mostPixels = 40_000_000;
const mostSeconds = 15;

/**
 * How the formats that we take begin. What else the library reads (SVG, PDF, TIFF and more, by code
 * that is attacked more often) never reaches it.
 */
const beginnings: ReadonlyArray<(head: Buffer) => boolean> = [
  (head) => head.subarray(0, 8).equals(Buffer.from("\x89PNG\r\n\x1a\n", "latin1")),
  (head) => head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  (head) => head.toString("latin1", 0, 4) === "RIFF" && head.toString("latin1", 8, 12) === "WEBP",
  (head) => /^GIF8[79]a$/.test(head.toString("latin1", 0, 6)),
];

/**
 * Read an uploaded picture by its content, whatever its name says, and make it anew in one of two
 * formats that every server shows: PNG where parts are see-through or few colours are meant to stay
 * sharp, JPEG otherwise. EXIF and every other companion (place, camera, previews) is dropped after the
 * picture was turned upright by it; of an animation the first frame is kept.
 * @returns null when it is no PNG, JPEG, WebP or GIF, is damaged, or has too many pixels.
 */
export async function makePicture(file: Buffer, size: PictureSize): Promise<Picture | null> {
  if (!beginnings.some((matches) => matches(file))) return null;
  const { default: sharp } = await import("sharp");
  try {
    const picture = sharp(file, { limitInputPixels: mostPixels, failOn: "error", pages: 1 });
    const { hasAlpha, format } = await picture.metadata();
    const upright = picture
      .autoOrient()
      .resize(size.width, size.height, { fit: "cover" })
      .timeout({ seconds: mostSeconds });
    const drawn = format === "png" || format === "gif";
    return size.transparent && (hasAlpha || drawn) ? await asPng(upright) : await asJpeg(upright);
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

async function asPng(picture: Sharp): Promise<Picture> {
  return { bytes: await picture.png({ compressionLevel: 9 }).toBuffer(), extension: "png" };
}

async function asJpeg(picture: Sharp): Promise<Picture> {
  const bytes = await picture.flatten({ background: "#fff" }).jpeg({ quality: 84 }).toBuffer();
  return { bytes, extension: "jpg" };
}
