import { environmentWithFile, loadConfig } from "../config.js";
import { inPlainWords } from "../cli/plain-words.js";
import type { DemoAccount } from "./accounts.js";
import { startDemo, type Demo } from "./demo.js";
import { OtherPort } from "./sites.js";

/**
 * The demonstration never touches a real deployment: its own folder, its own store, no mail server,
 * and this machine's loopback address unless another is asked for.
 */
function demoEnvironment(): Record<string, string | undefined> {
  const given = environmentWithFile();
  const port = given["PORT"] || "3000";
  return {
    PORT: port,
    HOST: given["HOST"] || "127.0.0.1",
    PUBLIC_URL: `http://city.localhost:${port}`,
    DATA_DIR: given["DEMO_DATA_DIR"] || "data/demo",
    LOG_LEVEL: given["LOG_LEVEL"] || "warn",
    FEDERATION_PRIVATE_ADDRESSES: "true",
  };
}

function introduction({ sites, accounts, linked }: Demo, dataDir: string): string {
  const of = (site: DemoAccount["site"]): string[] =>
    accounts
      .filter((account) => account.site === site)
      .map(({ name, mail, password }) => `      ${name.padEnd(34)}${mail.padEnd(36)}${password}`);
  return [
    "",
    `  ${sites.city.name}`,
    `    ${sites.city.origin}`,
    ...of("city"),
    "",
    `  ${sites.association.name}`,
    `    ${sites.association.origin}`,
    ...of("association"),
    "",
    linked
      ? "  Les deux sites sont liés : la proposition de l’association paraît aussi en ville (/proposals?from=elsewhere)."
      : "  Les deux sites ne sont pas encore liés ; le serveur continue d’essayer.",
    "  Textes : données ouvertes publiées par la Ville de Barcelone (voir src/demo/ATTRIBUTION.md).",
    `  Mails : gardés en fichiers dans ${dataDir}/mail.`,
    `  Arrêter : Ctrl-C. Recommencer à neuf : effacer ${dataDir}.`,
    "",
    "",
  ].join("\n");
}

async function main(): Promise<void> {
  const config = loadConfig(demoEnvironment());
  const demo = await startDemo(config, (words) => process.stdout.write(`  ${words}\n`));
  process.stdout.write(introduction(demo, config.dataDir));
  const stop = (): void => {
    demo.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`The demonstration could not start: ${reason(error)}\n`);
  process.exit(1);
});

function reason(error: unknown): string {
  if (error instanceof OtherPort) {
    return `its data belong to port ${error.message}. Start it with PORT=${error.message}, or remove its folder.`;
  }
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    return "the port is in use already; choose another one with PORT.";
  }
  return inPlainWords(error);
}
