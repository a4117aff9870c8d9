import { createHash } from "node:crypto";

import { contrast, fromHex, toHex } from "./oklch.js";

/** Token name to `#rrggbb`. */
export type Palette = Readonly<Record<string, string>>;

const defaultHue = 198;
const paper = 85;

/** Hue and chroma of what tells statuses and messages apart; red is kept for errors and loss. */
const tones: Readonly<Record<string, readonly [hue: number, chroma: number]>> = {
  open: [245, 0.1],
  wait: [70, 0.11],
  yes: [150, 0.11],
  plan: [290, 0.11],
  no: [40, 0.06],
  neutral: [90, 0.012],
  danger: [27, 0.16],
};

/** Pairs that must stay readable: what is written or drawn, on what, and the ratio to hold. */
export const contrastPairs: readonly (readonly [string, string, number])[] = [
  ...["ground", "surface", "sunken", "civic-tint"].flatMap((on) => [
    ["ink", on, 7] as const,
    ["ink-soft", on, 4.5] as const,
    ["civic", on, 4.5] as const,
    ["civic-strong", on, 4.5] as const,
    ["line-strong", on, 3] as const,
    ["danger", on, 4.5] as const,
  ]),
  ["on-civic", "civic", 4.5],
  ["on-civic", "civic-strong", 4.5],
  ["on-danger", "danger", 4.5],
  ["mast-ink", "mast", 7],
  ["mast-soft", "mast", 4.5],
  ...Object.keys(tones).flatMap((tone) => [
    [tone, `${tone}-tint`, 4.5] as const,
    [tone, "surface", 4.5] as const,
    ["ink", `${tone}-tint`, 7] as const,
  ]),
];

/** The light and dark palettes of a civic colour; anything unreadable gets the default hue. */
export function civicPalettes(colour: string): { light: Palette; dark: Palette } {
  const [hue, chroma] = civicHue(colour);
  return { light: lightPalette(hue, chroma), dark: darkPalette(hue, chroma) };
}

/** The style sheet that gives the pages of one instance their colours. */
export function civicStylesheet(colour: string): string {
  const { light, dark } = civicPalettes(colour);
  return (
    `:root{color-scheme:light;${declare(light)}}` +
    `@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${declare(dark)}}}`
  );
}

/** Changes with the derivation above, so that an address can be kept for ever by browsers. */
const edition = createHash("sha256")
  .update([0, 90, 180, 270].map((hue) => civicStylesheet(String(hue))).join(""))
  .digest("hex")
  .slice(0, 8);

/** Where `civicStylesheet(colour)` is served. */
export function civicStylesheetPath(colour: string): string {
  const name = isHex(colour) ? colour.slice(1).toLowerCase() : String(civicHue(colour)[0]);
  return `/assets/civic/${name}.${edition}.css`;
}

/** The colour a path made by `civicStylesheetPath` speaks of, or null. */
export function colourOfPath(path: string): string | null {
  const name = /^\/assets\/civic\/([0-9a-f]{6}|\d{1,3})\.[0-9a-f]{8}\.css$/.exec(path)?.[1];
  if (name === undefined) return null;
  return name.length === 6 ? `#${name}` : name;
}

function civicHue(colour: string): readonly [hue: number, chroma: number] {
  if (isHex(colour)) {
    const { c, h } = fromHex(colour);
    return [h, Math.min(c, 0.17)];
  }
  const hue = /^\d{1,3}$/.test(colour) ? Number(colour) % 360 : defaultHue;
  return [hue, 0.085];
}

function isHex(colour: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(colour);
}

function lightPalette(hue: number, chroma: number): Palette {
  const ground = toHex({ l: 0.984, c: 0.007, h: paper });
  const tint = toHex({ l: 0.952, c: Math.min(chroma, 0.026), h: hue });
  const civic = readable({ l: 0.42, c: chroma, h: hue }, tint, 5.2, -0.01);
  return {
    ground,
    surface: toHex({ l: 0.998, c: 0.002, h: paper }),
    sunken: toHex({ l: 0.958, c: 0.01, h: paper }),
    ink: toHex({ l: 0.235, c: 0.018, h: hue }),
    "ink-soft": toHex({ l: 0.455, c: 0.018, h: hue }),
    line: toHex({ l: 0.895, c: 0.012, h: paper }),
    "line-strong": toHex({ l: 0.585, c: 0.018, h: hue }),
    civic: toHex(civic),
    "civic-strong": toHex({ ...civic, l: civic.l - 0.08 }),
    "civic-tint": tint,
    "civic-line": toHex({ l: 0.83, c: chroma * 0.6, h: hue }),
    "on-civic": toHex({ l: 0.995, c: 0.003, h: paper }),
    mast: toHex({ l: 0.3, c: Math.min(chroma, 0.09) * 0.7, h: hue }),
    "mast-ink": toHex({ l: 0.985, c: 0.006, h: paper }),
    "mast-soft": toHex({ l: 0.83, c: chroma * 0.3, h: hue }),
    "on-danger": toHex({ l: 0.995, c: 0.003, h: paper }),
    ...tonePalette(0.415, 0.948, 0.35),
  };
}

function darkPalette(hue: number, chroma: number): Palette {
  const tint = toHex({ l: 0.285, c: Math.min(chroma, 0.045), h: hue });
  const civic = readable({ l: 0.8, c: chroma, h: hue }, tint, 5.2, 0.01);
  return {
    ground: toHex({ l: 0.195, c: 0.012, h: hue }),
    surface: toHex({ l: 0.232, c: 0.014, h: hue }),
    sunken: toHex({ l: 0.168, c: 0.011, h: hue }),
    ink: toHex({ l: 0.94, c: 0.008, h: paper }),
    "ink-soft": toHex({ l: 0.755, c: 0.012, h: paper }),
    line: toHex({ l: 0.33, c: 0.014, h: hue }),
    "line-strong": toHex({ l: 0.62, c: 0.016, h: hue }),
    civic: toHex(civic),
    "civic-strong": toHex({ ...civic, l: civic.l + 0.07 }),
    "civic-tint": tint,
    "civic-line": toHex({ l: 0.42, c: chroma * 0.6, h: hue }),
    "on-civic": toHex({ l: 0.2, c: 0.03, h: hue }),
    mast: toHex({ l: 0.15, c: Math.min(chroma, 0.09) * 0.4, h: hue }),
    "mast-ink": toHex({ l: 0.95, c: 0.006, h: paper }),
    "mast-soft": toHex({ l: 0.76, c: chroma * 0.25, h: hue }),
    "on-danger": toHex({ l: 0.2, c: 0.03, h: 27 }),
    ...tonePalette(0.81, 0.29, 0.42),
  };
}

function tonePalette(text: number, tint: number, tintShare: number): Palette {
  return Object.fromEntries(
    Object.entries(tones).flatMap(([name, [h, c]]) => [
      [name, toHex({ l: text, c: text > 0.6 ? c * 0.85 : c, h })],
      [`${name}-tint`, toHex({ l: tint, c: c * tintShare, h })],
    ]),
  );
}

/** The first colour, moving in steps of lightness, that reaches the ratio on its background. */
function readable(
  from: { l: number; c: number; h: number },
  on: string,
  ratio: number,
  step: number,
) {
  let colour = from;
  while (contrast(toHex(colour), on) < ratio && colour.l > 0.1 && colour.l < 0.97) {
    colour = { ...colour, l: colour.l + step };
  }
  return colour;
}

function declare(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");
}
