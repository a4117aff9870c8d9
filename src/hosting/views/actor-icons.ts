import { crc32 } from "node:zlib";
import { toHex } from "./oklch.js";

/** Who is shown by a picture of our own while there is no other. */
export type IconKind = "city" | "association" | "topic" | "proposal" | "person";

/** The files of `views/assets/actors`, by their logical names. */
export const iconKinds: readonly IconKind[] = [
  ...(["city", "association", "topic", "proposal", "person"] as const),
];

/** Where the picture of a kind of actor is, in the colour of its instance. */
export function actorIconPath(kind: IconKind, hue: number): string {
  return `/icons/${kind}-${Math.round(hue) % 360}.png`;
}

/** The kind and hue that a path made by `actorIconPath` speaks of, or null. */
export function iconOfPath(path: string): { kind: IconKind; hue: number } | null {
  const match = /^\/icons\/([a-z]+)-(\d{1,3})\.png$/.exec(path);
  const kind = iconKinds.find((one) => one === match?.[1]);
  const hue = Number(match?.[2]);
  return kind === undefined || hue > 359 ? null : { kind, hue };
}

const signatureLength = 8;
/** Length, type and checksum around the data of a chunk (PNG, section 5.3). */
const around = 12;

/**
 * A drawing in white on the civic colour of `hue`. The file holds sixteen steps from black to white
 * as a palette: only these colours are exchanged, so that one small file serves every colour.
 */
export function inCivicColour(png: Buffer, hue: number): Buffer {
  const copy = Buffer.from(png);
  for (let at = signatureLength; at + around <= copy.length;) {
    const length = copy.readUInt32BE(at);
    if (copy.toString("latin1", at + 4, at + 8) === "PLTE") {
      paint(copy.subarray(at + 8, at + 8 + length), hue);
      copy.writeUInt32BE(crc32(copy.subarray(at + 4, at + 8 + length)), at + 8 + length);
      return copy;
    }
    at += around + length;
  }
  throw new Error("the drawing has no palette");
}

function paint(palette: Buffer, hue: number): void {
  const ground = Buffer.from(toHex({ l: 0.42, c: 0.085, h: hue }).slice(1), "hex");
  const steps = palette.length / 3 - 1;
  for (let at = 0; at < palette.length; at += 1) {
    const from = ground[at % 3] ?? 0;
    palette[at] = Math.round(from + ((255 - from) * Math.floor(at / 3)) / steps);
  }
}
