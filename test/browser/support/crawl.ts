/** Follow every link within the site from the front page; returns those that answer 400 and above. */
export async function crawl(origin: string, cookie: string): Promise<string[]> {
  const seen = new Map([["/", "the start"]]);
  const missing: string[] = [];
  for (const [path, from] of seen) {
    if (seen.size > 400) break;
    const answer = await fetch(origin + path, {
      headers: { accept: "text/html", "accept-language": "fr", cookie },
    });
    const html = await answer.text();
    if (answer.status >= 400) missing.push(`${answer.status} ${path} from ${from}`);
    if (!answer.headers.get("content-type")?.startsWith("text/html")) continue;
    for (const [, href = ""] of html.matchAll(/<(?:a|link)\s[^>]*?href="([^"]+)"/g)) {
      const url = new URL(written(href), origin + path);
      const next = url.pathname + url.search;
      const noise = /[?&](?:lang|reply|edit|thread|back)=/.test(url.search);
      if (url.origin === origin && !noise && !seen.has(next)) seen.set(next, path);
    }
  }
  return missing;
}

/** What an attribute says, its references undone (Handlebars writes `=` as one, too). */
function written(attribute: string): string {
  const numbered = attribute.replace(/&#x([0-9a-f]+);/gi, (_all, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  return numbered.replaceAll("&amp;", "&");
}
