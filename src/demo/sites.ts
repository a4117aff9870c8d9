import { fileURLToPath } from "node:url";
import type { App } from "../app.js";
import { actingFor } from "../cli/deployment.js";
import { openLines } from "../cli/lines.js";
import { importProposals } from "../features/imports/imports.js";
import { maxLine } from "../features/imports/row.js";
import { listProposals } from "../features/proposals/listing.js";
import { publishProposal } from "../features/proposals/publishing.js";
import { defaultTopics, topics } from "../features/topics/topics.js";
import { linkedInstances } from "../federation/linking.js";
import type { Instance, Member } from "../kit/index.js";
import { demoAccounts, ensureAccount, type DemoAccount } from "./accounts.js";

/** The demonstration's two sites. */
export interface Sites {
  readonly city: Instance;
  readonly association: Instance;
}

/** Data of another port: its addresses are permanent, so it cannot be used on this one. */
export class OtherPort extends Error {
  override readonly name = "OtherPort";
}

/** Find or make the two sites. Throws OtherPort when they were made for another one. */
export async function ensureSites(app: App, port: number): Promise<Sites> {
  const city = await ensureSite(app, `http://city.localhost:${port}`, {
    name: "Barcelona 2016 (démonstration)",
    tagline: "Le plan d’action municipal tel qu’il fut débattu, avec de vraies propositions",
    ...{ handle: "barcelona2016", kind: "city", hue: 195 },
  });
  const association = await ensureSite(app, `http://asso.localhost:${port}`, {
    name: "Vélo pour tous (démonstration)",
    tagline: "Une association d’exemple, liée à la ville d’exemple",
    ...{ handle: "velo_pour_tous", kind: "association", hue: 140 },
  });
  return { city, association };
}

type SiteSettings = Pick<Instance, "name" | "tagline" | "handle" | "kind" | "hue">;

async function ensureSite(app: App, origin: string, settings: SiteSettings): Promise<Instance> {
  const known = await app.instances.byHost(new URL(origin).hostname);
  if (known !== null && known.origin !== origin) {
    throw new OtherPort(new URL(known.origin).port);
  }
  const wanted = { ...settings, origin, language: "fr", setUpTokenHash: null } as const;
  return known ?? app.instances.create(wanted);
}

/** Bring in the sample, once; a start that was cut goes on where it was. */
export async function fillCity(app: App, city: Instance): Promise<number> {
  const file = await openLines(fileURLToPath(new URL("./sample.ndjson.gz", import.meta.url)));
  const report = await importProposals(actingFor(app, city), file.lines(maxLine), {
    source: "pam-2016",
  });
  return report.proposals;
}

/** Make what accounts are missing. Returns all of them, with their passwords. */
export async function fillAccounts(
  app: App,
  sites: Sites,
  dataDir: string,
): Promise<{ readonly accounts: DemoAccount[]; readonly author: Member | null }> {
  const accounts = await demoAccounts(dataDir);
  let author: Member | null = null;
  for (const account of accounts) {
    const made = await ensureAccount(actingFor(app, sites[account.site]), account);
    if (account.site === "association") author = made ?? author;
  }
  return { accounts, author };
}

/** Link each site with the other, as two deployments would: by requests between them. */
export async function linkSites(app: App, { city, association }: Sites): Promise<void> {
  for (const [from, to] of [
    [city, association],
    [association, city],
  ] as const) {
    const ctx = actingFor(app, from);
    const links = await linkedInstances(ctx);
    const target = to.url("/actor");
    if (links.some((link) => link.targetUri === target && link.state === "accepted")) continue;
    await app.federation.linkInstance(ctx, target);
  }
}

/** Wait until both links are accepted; false when that takes longer than `patienceMs`. */
export async function areLinked(app: App, sites: Sites, patienceMs: number): Promise<boolean> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const links = await Promise.all([
      linkedInstances(actingFor(app, sites.city)),
      linkedInstances(actingFor(app, sites.association)),
    ]);
    if (links.every((of) => of.some(({ state }) => state === "accepted"))) return true;
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Have the association publish one proposal, which then appears in the city as well. */
export async function publishOne(app: App, association: Instance, author: Member): Promise<void> {
  const ctx = app.contexts({ instance: association, member: author, language: "fr" });
  const there = await listProposals(ctx, { from: "here", sort: "recent", limit: 1 });
  if (there.items.length > 0) return;
  await defaultTopics(ctx);
  const [topic] = await topics(ctx);
  await publishProposal(ctx, {
    title: "Des arceaux à vélos devant chaque école",
    body: [
      "Beaucoup de familles viendraient à vélo si elles pouvaient l’attacher près de l’entrée.",
      "",
      "Nous proposons **dix arceaux par école**, à commencer par celles qui n’en ont aucun.",
    ].join("\n"),
    topicId: topic?._id ?? null,
    place: null,
  });
}
