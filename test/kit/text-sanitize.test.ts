import { expect } from "chai";
import fc from "fast-check";
import {
  cleanRemoteHtml,
  cutText,
  escapeHtml,
  htmlToText,
  MAX_REMOTE_HTML,
  safeWebAddress,
} from "../../src/kit/text/sanitize.js";
import { millisecondsOf } from "../support/cpu-time.js";
import { faultsIn, HOSTILE_MARKUP } from "./text-hostile.js";

describe("Text from other servers", () => {
  for (const attack of HOSTILE_MARKUP) {
    it(`is harmless on our page: ${JSON.stringify(attack)}`, () => {
      expect(faultsIn(cleanRemoteHtml(attack))).to.deep.equal([]);
    });
  }

  it("stays harmless when attacks are cut, joined and nested at random", () => {
    const piece = fc.oneof(fc.constantFrom(...HOSTILE_MARKUP), fc.string({ maxLength: 8 }));
    const cut = piece.chain((text) => fc.nat(text.length).map((end) => text.slice(0, end)));

    fc.assert(
      fc.property(fc.array(cut, { maxLength: 12 }), (parts) => {
        expect(faultsIn(cleanRemoteHtml(parts.join("")))).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });

  it("is not changed by a second cleaning", () => {
    for (const attack of HOSTILE_MARKUP) {
      const once = cleanRemoteHtml(attack);

      expect(cleanRemoteHtml(once)).to.equal(once);
    }
  });

  it("keeps what Mastodon sends: paragraphs, mentions, hashtags, shortened links", () => {
    const clean = cleanRemoteHtml(
      '<p>Bonjour <span class="h-card"><a href="https://town.example/@parks" class="u-url mention">' +
        '@<span>parks</span></a></span><br><a href="https://town.example/very/long">' +
        '<span class="invisible">https://</span><span class="ellipsis">town.example/very</span></a> ' +
        '<a href="https://town.example/tags/velo" class="mention hashtag" rel="tag">#velo</a></p>',
    );

    expect(clean).to.include('class="mention">@<span>parks</span></a>');
    expect(clean).to.include('class="mention hashtag">#velo</a>');
    expect(clean).to.include('<span class="invisible">https://</span>');
    expect(clean).to.include("<br />");
    expect(clean).not.to.include("h-card");
  });

  it("never takes a title of the page: h1 and h2 become h3", () => {
    expect(cleanRemoteHtml("<h1>A</h1><h2>B</h2><h4>C</h4>")).to.equal(
      "<h3>A</h3><h3>B</h3><h4>C</h4>",
    );
  });

  it("shows the text of elements it does not keep", () => {
    expect(cleanRemoteHtml("<div><table><tr><td>120 €</td></tr></table></div>")).to.equal("120 €");
  });

  it("cuts off what goes beyond the bound, without splitting a character", () => {
    expect(htmlToText(cleanRemoteHtml("é".repeat(MAX_REMOTE_HTML + 5)))).to.have.length(
      MAX_REMOTE_HTML,
    );
    expect(cutText("a😀b", 2)).to.equal("a");
    expect(cutText("a😀b", 3)).to.equal("a😀");
  });

  it("reduces absurd nesting to its words", () => {
    const html = `${"<div><b>".repeat(300)}Une place<p>Un marché &lt;b&gt;`;

    expect(cleanRemoteHtml(html)).to.equal("<p>Une place</p><p>Un marché &lt;b&gt;</p>");
  });

  /** Milliseconds: none takes a tenth of it; what grew faster than its length would take minutes. */
  const hangs = 8_000;
  const bombs: Record<string, string> = {
    "50,000 nested elements": "<b>".repeat(50_000),
    "nested lists": "<ul><li>".repeat(12_000),
    "closing tags without an opening": "<b>".repeat(190) + "</i>".repeat(24_000),
    "stray paragraph ends": "</p>".repeat(25_000),
    "open comments": "<!--".repeat(25_000),
    "comments in an address": `<a href="${"<!--".repeat(24_000)}">x</a>`,
    "fifteen thousand attributes": `<a ${"x1 ".repeat(30_000)}>x</a>`,
    "a hundred thousand angle brackets": "<".repeat(100_000),
    "a hundred thousand spaces": `<p class="${" ".repeat(99_000)}">`,
  };
  for (const [name, bomb] of Object.entries(bombs)) {
    it(`takes no longer than its length asks for: ${name}`, () => {
      expect(millisecondsOf(() => cleanRemoteHtml(bomb))).to.be.below(hangs);
      expect(millisecondsOf(() => htmlToText(bomb))).to.be.below(hangs);
    });
  }
});

describe("Addresses in what strangers wrote", () => {
  it("are whole web addresses that name no user", () => {
    expect(safeWebAddress("https://town.example/a?b=c#d")).to.equal("https://town.example/a?b=c#d");
    for (const address of [
      "/a",
      "//a.example",
      "ftp://a.example",
      "javascript:1",
      "https://",
      "",
    ]) {
      expect(safeWebAddress(address), address).to.equal(null);
    }
    expect(safeWebAddress("https://town.example@evil.example/")).to.equal(null);
    expect(safeWebAddress(`https://a.example/${"a".repeat(2100)}`)).to.equal(null);
    expect(safeWebAddress(undefined)).to.equal(null);
  });
});

describe("HTML as text", () => {
  it("sets paragraphs, lines and list items apart", () => {
    const html =
      "<h3>Place</h3><p>Un <b>marché</b>\n&amp; des bancs<br>le samedi</p>" +
      "<ul>\n<li>bancs</li>\n<li>arbres</li>\n</ul><pre>a\nb</pre>fin";

    expect(htmlToText(html)).to.equal(
      "Place\n\nUn marché & des bancs\nle samedi\n\n- bancs\n- arbres\n\na\nb\n\nfin",
    );
  });

  it("leaves out scripts, styles and drawings", () => {
    expect(htmlToText("a<script>b</script><style>c</style><svg><text>d</text></svg>e")).to.equal(
      "ae",
    );
  });

  it("gives back any text that was escaped", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z<>&"']{1,30}$/u), (text) => {
        expect(htmlToText(`<p>${escapeHtml(text)}</p>`)).to.equal(text);
      }),
    );
  });
});
