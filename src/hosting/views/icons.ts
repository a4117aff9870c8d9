import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Icon name to the drawing inside its `<svg>`. */
export type Icons = ReadonlyMap<string, string>;

/** Read every icon of a folder once. Throws when the folder is missing or a file is no SVG. */
export function loadIcons(dir: string): Icons {
  const icons = new Map<string, string>();
  for (const file of readdirSync(dir)) {
    if (!file.endsWith(".svg")) continue;
    const drawing = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(readFileSync(join(dir, file), "utf8"))?.[1];
    if (drawing === undefined) throw new Error(`${file} is not an SVG icon`);
    icons.set(file.slice(0, -".svg".length), drawing.replace(/\s+/g, " ").trim());
  }
  return icons;
}

/** One icon as inline SVG, hidden from assistive technology: a word always stands beside it. */
export function drawIcon(icons: Icons, name: string): string {
  const drawing = icons.get(name);
  if (drawing === undefined) throw new Error(`There is no icon named ${name}`);
  return `<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">${drawing}</svg>`;
}
