import { hash, verify, type Options } from "@node-rs/argon2";

/** OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane. */
const cost: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Of a password nobody has: checked when there is no account, so that both cases take as long. */
const nobody =
  "$argon2id$v=19$m=19456,t=2,p=1$pQt/P7rJshsdskRPAfMvjA$eRDT0+G2UBE1y/1USHvHj4nc5mY3HelnqnOZY3hkYE8";

/** Hash a password with argon2id (RFC 9106); returns a PHC string. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

/** Whether `password` belongs to the hash; null (no account) costs the same and is false. */
export async function passwordMatches(
  passwordHash: string | null,
  password: string,
): Promise<boolean> {
  const matches = await verify(passwordHash ?? nobody, password).catch(() => false);
  return passwordHash !== null && matches;
}
