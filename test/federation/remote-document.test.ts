import { expect } from "chai";
import { FetchRefused, type Fetcher } from "../../src/drivers/fetch.js";
import { parseBoundedJson } from "../../src/federation/bounded-json.js";
import { createFetchDocument } from "../../src/federation/remote-document.js";
import { expectRefused } from "../drivers/fetch-support.js";

const carol = "https://peer.example/users/carol";

/** A fetcher that knows some pages, each found at an address (its own unless told otherwise). */
function aFetcherOf(pages: Record<string, { at?: string; body: unknown }>) {
  const asked: string[] = [];
  const fetcher: Fetcher = {
    async get(url) {
      asked.push(url);
      const page = pages[url.split("#")[0] ?? ""];
      if (page === undefined) throw new FetchRefused("status", { status: 404, url });
      const text = typeof page.body === "string" ? page.body : JSON.stringify(page.body);
      const found = page.at ?? url.split("#")[0] ?? "";
      return {
        url: found,
        contentType: "application/activity+json",
        date: null,
        body: Buffer.from(text),
      };
    },
    post: () => Promise.reject(new Error("no post here")),
    close: () => Promise.resolve(),
  };
  return { asked, fetchDocument: createFetchDocument(fetcher) };
}

describe("a document of another server", () => {
  it("is taken when it is found at its own id, redirects included", async () => {
    const { fetchDocument } = aFetcherOf({
      [carol]: { body: { id: carol } },
      "https://peer.example/@carol": { at: carol, body: { id: carol } },
    });

    expect(await fetchDocument(carol)).to.deep.equal({ id: carol, document: { id: carol } });
    expect((await fetchDocument("https://peer.example/@carol")).id).to.equal(carol);
    expect((await fetchDocument(`${carol}#main-key`)).id).to.equal(carol);
  });

  it("may carry the fragment that was asked for", async () => {
    const { fetchDocument } = aFetcherOf({ [carol]: { body: { id: `${carol}#main-key` } } });

    expect((await fetchDocument(`${carol}#main-key`)).id).to.equal(`${carol}#main-key`);
  });

  it("is fetched once more from the id it names on the same server", async () => {
    const { fetchDocument, asked } = aFetcherOf({
      [`${carol}/main-key`]: { body: { id: carol, stub: true } },
      [carol]: { body: { id: carol, name: "Carol" } },
    });

    const { document } = await fetchDocument(`${carol}/main-key`);

    expect(document).to.deep.equal({ id: carol, name: "Carol" });
    expect(asked).to.deep.equal([`${carol}/main-key`, carol]);
  });

  it("is refused when its id is elsewhere, ill-spelt, absent, or leads nowhere", async () => {
    const at = "https://evil.example/k";
    const ids: unknown[] = [carol, "http://evil.example/k", "javascript:x", "", null, 7, undefined];
    for (const id of ids) {
      const { fetchDocument, asked } = aFetcherOf({ [at]: { body: { id } } });
      await expectRefused(fetchDocument(at), "id-mismatch");
      expect(asked).to.deep.equal([at]);
    }
    const chain = aFetcherOf({
      [at]: { body: { id: `${at}2` } },
      [`${at}2`]: { body: { id: `${at}3` } },
      [`${at}3`]: { body: { id: `${at}3` } },
    });
    await expectRefused(chain.fetchDocument(at), "id-mismatch");
    expect(chain.asked).to.have.length(2);
    const spelling = { body: { id: "https://EVIL.example/k" }, at };
    const loud = aFetcherOf({ [at]: spelling, "https://EVIL.example/k": spelling });
    await expectRefused(loud.fetchDocument(at), "id-mismatch");
  });

  it("is refused when it is no JSON object, or too deep, or too large a list", async () => {
    const bodies = ["", "[]", "null", '"x"', "{", "\u0000", `${"[".repeat(30)}${"]".repeat(30)}`];
    for (const body of bodies) {
      const { fetchDocument } = aFetcherOf({ [carol]: { body } });
      await expectRefused(fetchDocument(carol), "bad-body");
    }
  });
});

describe("JSON from outside", () => {
  it("is bounded in depth and number before it is built", () => {
    const bounds = { maxDepth: 3, maxItems: 5 };

    expect(parseBoundedJson(Buffer.from('{"a":[{"b":1}]}'), bounds)?.value).to.deep.equal({
      a: [{ b: 1 }],
    });
    expect(parseBoundedJson(Buffer.from('{"a":[{"b":[]}]}'), bounds)).to.equal(null);
    expect(parseBoundedJson(Buffer.from("[1,2,3,4,5,6,7]"), bounds)).to.equal(null);
    expect(parseBoundedJson(Buffer.from('["[[[[[,,,,,,,\\"[[[["]'), bounds)).to.not.equal(null);
  });

  it("must be UTF-8", () => {
    expect(parseBoundedJson(Buffer.from([0x22, 0xff, 0x22]))).to.equal(null);
  });
});
