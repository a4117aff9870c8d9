import { createHmac, randomBytes } from "node:crypto";
import type { App } from "./app.js";
import type { Config } from "./config.js";
import { HostTaken } from "./hosting/instance-names.js";
import { hashToken } from "./hosting/instances.js";
import { secretOf } from "./secret.js";

/**
 * Make the first instance when there is none, and write the invitation to set it up: at the address that is
 * configured now. The link is made of the deployment's secret, so that every process that starts prints the
 * same one, and it works until the instance is set up, however often they start.
 * @returns the text to print, or null when nothing waits.
 */
export async function firstStart(app: App, config: Config): Promise<string | null> {
  const secret = await secretOf(config);
  const tokenOf = (id: string): string =>
    createHmac("sha256", secret).update(`set-up/${id}`).digest("base64url");
  const origin = config.publicUrl;
  if ((await app.instances.count(1)) === 0) await makeFirst(app, origin);
  const waiting = await app.instances.reopen(origin, (id) => hashToken(tokenOf(id)));
  return waiting === null ? null : invitation(waiting.origin, tokenOf(waiting._id));
}

/** Of two first starts at once, one makes the instance and both go on with it. */
async function makeFirst(app: App, origin: string): Promise<void> {
  const setUpTokenHash = hashToken(randomBytes(24).toString("base64url"));
  const first = { origin, name: "Parvis", language: "fr", kind: "city", setUpTokenHash } as const;
  await app.instances.create(first).catch((error: unknown) => {
    if (!(error instanceof HostTaken)) throw error;
  });
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
