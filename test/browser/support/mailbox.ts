import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A mail that nobody sent, as its reader sees it. */
export interface KeptMail {
  readonly to: string;
  readonly text: string;
}

/** The mails kept in a folder for one reader, oldest first. */
export async function mailsFor(directory: string, to: string): Promise<KeptMail[]> {
  const files = await readdir(directory).catch(() => []);
  const mails = await Promise.all(
    files
      .toSorted((a, b) => a.localeCompare(b))
      .map(async (file) => decoded(await readFile(join(directory, file), "latin1"))),
  );
  return mails.filter((mail) => mail.to === to);
}

/** The path of the first link to `place` in the newest mail for a reader. */
export async function linkIn(directory: string, to: string, place: string): Promise<string> {
  const text = (await mailsFor(directory, to)).at(-1)?.text ?? "";
  const link = new RegExp(`https?://[^/\\s]+(${place}/\\S+)`).exec(text)?.[1];
  if (link === undefined) throw new Error(`No link to ${place} was mailed to ${to}: ${text}`);
  return link;
}

/** Undo what mail does to a text (RFC 2045, section 6.7 and 6.8). */
function decoded(raw: string): KeptMail {
  const to = /^To: .*?<?([^<>\s]+@[^<>\s]+?)>?\r?$/im.exec(raw)?.[1] ?? "";
  const body = raw.slice(raw.indexOf("\r\n\r\n"));
  const bytes = /^Content-Transfer-Encoding: base64/im.test(raw)
    ? Buffer.from(body, "base64")
    : Buffer.from(
        body
          .replace(/=\r\n/g, "")
          .replace(/=([0-9A-F]{2})/g, (_all, hex: string) =>
            String.fromCharCode(parseInt(hex, 16)),
          ),
        "latin1",
      );
  return { to, text: bytes.toString("utf8") };
}
