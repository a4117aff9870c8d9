/** What the floor shows in place of one of our pages: as many bytes, items and words. */
export interface FloorPage {
  readonly title: string;
  readonly bytes: number;
  readonly items: ReadonlyArray<{
    readonly url: string;
    readonly title: string;
    readonly text: string;
  }>;
  readonly rest: string;
}

/** Read from a page of ours what the floor has to match: its cards or comments become the items. */
export function floorPageOf(html: string): FloorPage {
  const begins = [...html.matchAll(/<article\b/g)].map(({ index }) => index);
  const items = begins.map((begin, at) => {
    const article = html.slice(begin, begins[at + 1] ?? html.indexOf("</article>", begin));
    const text = article
      .replace(/<[^>]*>/g, " ")
      .replace(/&[^;]{1,8};/g, "'")
      .replace(/\s+/g, " ");
    return { url: `/items/${at}`, title: text.slice(0, 60), text: text.slice(60).trim() };
  });
  return { title: "Valmont", bytes: Buffer.byteLength(html), items, rest: "" };
}
