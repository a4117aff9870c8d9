import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const inPage = readFileSync(new URL("./in-page.js", import.meta.url), "utf8");
const rules: readonly string[] = [
  "wcag2a",
  "wcag2aa",
  "wcag21a",
  "wcag21aa",
  "wcag22aa",
  "best-practice",
];

/** What else an audit may be about: only what another width or the dark can change. */
export const looks: readonly string[] = ["color-contrast", "target-size", "link-in-text-block"];

/** What an accessibility audit and a ruler find wrong with the page that is open, in words. */
export async function faultsOf(page: Page, language = "fr", only = rules): Promise<string[]> {
  const where = `${new URL(page.url()).pathname} (${page.viewportSize()?.width})`;
  return [...(await violations(page, only)), ...(await misshapen(page, language))].map(
    (fault) => `${where}: ${fault}`,
  );
}

/** Run axe-core on the page. The policy of the site lets no script in, so it comes by the debugger. */
async function violations(page: Page, only: readonly string[]): Promise<string[]> {
  await page.evaluate(source);
  const found = (await page.evaluate(
    `axe.run(document, {runOnly: ${JSON.stringify(only)}, resultTypes: ["violations"]})`,
  )) as AxeResults;
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}

/** What `in-page.js` says about the page. */
export async function ask<T>(page: Page, question: string): Promise<T> {
  await page.evaluate(inPage);
  return page.evaluate(`inPage.${question}`);
}

interface Shape {
  readonly small: readonly string[];
  readonly wide: number;
  readonly twice: readonly string[];
  readonly headings: number;
  readonly mains: number;
  readonly title: string;
  readonly lang: string;
  readonly noIndex: boolean;
  readonly description: string;
}

/** One heading, title, description, language; nothing wider than the window, no small target. */
async function misshapen(page: Page, language: string): Promise<string[]> {
  const seen = await ask<Shape>(page, "shape()");
  return [
    ...(seen.wide > 0 ? [`${seen.wide} px wider than the window`] : []),
    ...seen.small.map((element) => `a target below 24 px: ${element}`),
    ...seen.twice.map((id) => `the id ${id} twice`),
    ...(seen.headings === 1 ? [] : [`${seen.headings} first headings`]),
    ...(seen.mains === 1 ? [] : [`${seen.mains} main parts`]),
    ...(seen.title.length > 3 ? [] : ["no title"]),
    ...(seen.lang === language ? [] : [`in "${seen.lang}"`]),
    ...(seen.noIndex || seen.description !== "" ? [] : ["no description"]),
  ];
}
