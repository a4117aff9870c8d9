import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { loadAssets } from "../../src/hosting/assets.js";
import { buildAssets } from "../../src/hosting/build-assets.js";
import { createViews, type Views } from "../../src/hosting/views.js";
import { civicStylesheet, civicStylesheetPath } from "../../src/hosting/views/colour.js";
import { createTranslators, loadTranslations } from "../../src/kit/i18n/index.js";
import { head } from "../../src/kit/page.js";
import type { SiteModel } from "../../src/kit/site-model.js";
import { galleryPages, sampleSite } from "./gallery-models.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const viewsDir = here("../../views");

/** Views with the gallery's own pages beside the real partials, in a folder that is a copy. */
export function galleryViews(dir: string): Views {
  cpSync(viewsDir, dir, { recursive: true });
  cpSync(here("./gallery"), join(dir, "gallery"), { recursive: true });
  const translatorFor = createTranslators(loadTranslations(dir), { strict: true });
  return createViews({ viewsDir: dir, translatorFor });
}

/** Write every page of the gallery and its assets under `dir`; gives their paths. */
export async function writeGallery(dir: string, rest: Partial<SiteModel> = {}): Promise<string[]> {
  const built = join(dir, "assets");
  await buildAssets(built);
  const site = sampleSite({ assets: loadAssets(built).urls, ...rest });
  const css = join(dir, civicStylesheetPath(site.colour));
  mkdirSync(join(css, ".."), { recursive: true });
  writeFileSync(css, civicStylesheet(site.colour));
  const views = galleryViews(join(dir, "views"));
  const pages = Object.entries(galleryPages).map(([name, model]) => {
    writeFileSync(join(dir, `${name}.html`), views.render(`gallery/${name}`, model, site));
    return `${name}.html`;
  });
  for (const status of [404, 421, 500]) {
    const model = { head: head("Erreur"), reason: null };
    const visitor = { ...site, member: null, path: "/x" };
    writeFileSync(join(dir, `${status}.html`), views.render(`errors/${status}`, model, visitor));
    pages.push(`${status}.html`);
  }
  return pages;
}
