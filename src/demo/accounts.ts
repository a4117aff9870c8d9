import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createAccount, loadMember } from "../features/accounts/accounts.js";
import { Refusal, type Ctx, type Member, type Role } from "../kit/index.js";

/** An account to try things with. */
export interface DemoAccount {
  readonly site: "city" | "association";
  readonly name: string;
  readonly mail: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

const roster: ReadonlyArray<Omit<DemoAccount, "password">> = [
  account("city", "Habitante de démonstration", "habitante", []),
  account("city", "Service de démonstration", "service", ["official"]),
  account("city", "Administration de démonstration", "administration", ["admin"]),
  account("association", "Membre de démonstration", "membre", []),
  account("association", "Secrétariat de démonstration", "secretariat", ["admin"]),
];

function account(
  site: DemoAccount["site"],
  name: string,
  user: string,
  more: readonly Role[],
): Omit<DemoAccount, "password"> {
  return { site, name, mail: `${user}@${site}.example`, roles: ["citizen", ...more] };
}

const kept = z.record(z.string(), z.string());

/** The demonstration's accounts; their passwords are made once and kept beside its data. */
export async function demoAccounts(dataDir: string): Promise<DemoAccount[]> {
  const file = join(dataDir, "passwords.json");
  const known = await readFile(file, "utf8").then(
    (text) => kept.parse(JSON.parse(text)),
    () => ({}) as Record<string, string>,
  );
  const all = roster.map((one) => ({
    ...one,
    password: known[one.mail] ?? randomBytes(9).toString("base64url"),
  }));
  const unfinished = `${file}.part`;
  const passwords = Object.fromEntries(all.map(({ mail, password }) => [mail, password]));
  await writeFile(unfinished, JSON.stringify(passwords), { mode: 0o600 });
  await rename(unfinished, file);
  return all;
}

/** Make an account unless it is there. Returns its member when it was made now, else null. */
export async function ensureAccount(ctx: Ctx, wanted: DemoAccount): Promise<Member | null> {
  const { name, mail, password, roles } = wanted;
  try {
    const made = await createAccount(ctx, { name, mail, password, roles, confirmed: true });
    return await loadMember(ctx, made._id);
  } catch (error) {
    if (error instanceof Refusal && error.code === "already-taken") return null;
    throw error;
  }
}
