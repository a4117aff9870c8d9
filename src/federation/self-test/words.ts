import type { Instance } from "../../kit/index.js";
import { escapeHtml } from "../../kit/text/sanitize.js";

/** What a test message and its reply say of themselves in our extension. */
export const testKind = "test";

/** What a test message says to who may read it. */
export function testWords({ name, language }: Pick<Instance, "name" | "language">): string {
  const who = escapeHtml(name);
  return language === "fr"
    ? `<p>Essai de connexion de ${who}. Il n’y a rien à faire : ce message va disparaître.</p>`
    : `<p>Connection test by ${who}. There is nothing to do: this message will vanish.</p>`;
}
