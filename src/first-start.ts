import { randomBytes } from "node:crypto";
import type { App } from "./app.js";
import type { Config } from "./config.js";
import { hashToken } from "./hosting/instances.js";

/**
 * Make the first instance when there is none, and write the invitation to set it up. An instance
 * still waiting for its set-up gets a fresh link at each start; the one before stops working.
 * @returns the text to print, or null when nothing waits.
 */
export async function firstStart(app: App, config: Config): Promise<string | null> {
  const token = randomBytes(24).toString("base64url");
  const setUpTokenHash = hashToken(token);
  if ((await app.instances.count(1)) === 0) {
    await app.instances.create({
      ...{ origin: config.publicUrl, name: "Parvis", language: "fr", kind: "city" },
      setUpTokenHash,
    });
    return invitation(config.publicUrl, token);
  }
  const known = await app.instances.byHost(new URL(config.publicUrl).hostname);
  if (known?.state !== "new") return null;
  await app.instances.update(known._id, { setUpTokenHash });
  return invitation(known.origin, token);
}

function invitation(origin: string, token: string): string {
  return [
    "",
    "  Welcome to Parvis. Open this link once to set up your instance:",
    `  Bienvenue dans Parvis. Ouvrez ce lien une fois pour régler votre instance :`,
    "",
    `    ${origin}/set-up/${token}`,
    "",
    "",
  ].join("\n");
}
