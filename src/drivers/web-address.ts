/**
 * Read a URL (WHATWG), relative to `base` when one is given; null when it is none. Node 20's own
 * `URL.canParse` is not used: once compiled hot, it calls addresses with letters such as "é" ill-formed.
 */
export function readUrl(text: string, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
