import { expect } from "chai";
import fc from "fast-check";
import { MAX_MARKDOWN, plainText, renderMarkdown } from "../../src/kit/text/markdown.js";
import { millisecondsOf } from "../support/cpu-time.js";
import { faultsIn, HOSTILE_MARKUP } from "./text-hostile.js";

describe("What a member writes", () => {
  for (const attack of HOSTILE_MARKUP) {
    it(`cannot harm a reader: ${JSON.stringify(attack)}`, () => {
      expect(faultsIn(renderMarkdown(attack))).to.deep.equal([]);
    });
  }

  it("cannot harm a reader when attacks are mixed", () => {
    const piece = fc.oneof(fc.constantFrom(...HOSTILE_MARKUP), fc.string({ maxLength: 8 }));

    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (parts) => {
        expect(faultsIn(renderMarkdown(parts.join("")))).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });

  it("shows raw HTML as the text it is", () => {
    expect(renderMarkdown("Un <b>banc</b>")).to.equal("<p>Un &lt;b&gt;banc&lt;/b&gt;</p>");
  });

  it("keeps its line breaks, lists, quotes and emphasis", () => {
    const html = renderMarkdown("Un **banc**\nà l'ombre\n\n- un\n- *deux*\n\n> cité\n\n3. trois");

    expect(html).to.include("<strong>banc</strong><br />\nà l'ombre");
    expect(html).to.include("<li><em>deux</em></li>");
    expect(html).to.include("<blockquote>");
    expect(html).to.include('<ol start="3">');
  });

  it("leaves h1 and h2 to the page", () => {
    expect(renderMarkdown("# A\n\n## B\n\n###### C")).to.equal(
      "<h3>A</h3>\n<h4>B</h4>\n<h6>C</h6>",
    );
  });

  it("links pasted web addresses, and no word that merely looks like one", () => {
    const html = renderMarkdown("Voir https://town.example/a_b_c et www.ville.fr, fini.Et puis");

    expect(html).to.include('<a href="https://town.example/a_b_c" rel="nofollow noopener ugc">');
    expect(html).to.include('<a href="https://www.ville.fr"');
    expect(html).to.include("fini.Et puis");
    expect(html.match(/<a /gu)).to.have.length(2);
  });

  it("turns a picture from elsewhere into a link, and into text inside a link", () => {
    expect(renderMarkdown("![Le plan](https://maps.example/plan.png)")).to.equal(
      '<p><a href="https://maps.example/plan.png" rel="nofollow noopener ugc">Le plan</a></p>',
    );
    expect(
      renderMarkdown("[![Le plan](https://maps.example/p.png)](https://town.example/)"),
    ).to.equal('<p><a href="https://town.example/" rel="nofollow noopener ugc">Le plan</a></p>');
  });

  const bombs: Record<string, string> = {
    emphasis: "*a_ ".repeat(10_000),
    brackets: "[".repeat(MAX_MARKDOWN),
    "half links": "[a](".repeat(10_000),
    pictures: "![](".repeat(10_000),
    quotes: ">".repeat(MAX_MARKDOWN),
    lists: "- ".repeat(20_000),
    code: "`a``".repeat(10_000),
    addresses: "https://a.example/".repeat(3_000),
    "addresses with a user": "https://u@a.example/".repeat(3_000),
    "a wide table": `${"|a".repeat(1000)}\n${"|-".repeat(1000)}\n${"x\n".repeat(10_000)}`,
    references: "[a]: b\n".repeat(5_000),
  };
  for (const [name, bomb] of Object.entries(bombs)) {
    it(`cannot hold up the page: ${name}`, () => {
      expect(millisecondsOf(() => renderMarkdown(bomb))).to.be.below(800);
    });
  }
});

describe("A description", () => {
  it("is one line, cut between words", () => {
    const html = "<p>Un marché sur la place</p><p>chaque samedi matin</p>";

    expect(plainText(html, 200)).to.equal("Un marché sur la place chaque samedi matin");
    expect(plainText(html, 28)).to.equal("Un marché sur la place…");
  });

  it("reads paragraphs and line ends as spaces, and emphasis as nothing", () => {
    const simple = "<p>Un banc<br>à l’<em>ombre</em></p>\n<p>de 2 > 1 arbres</p>";

    expect(plainText(simple, 99)).to.equal("Un banc à l’ombre de 2 > 1 arbres");
    expect(plainText(`${simple}<p>&amp; un <a href="/b">autre</a></p>`, 99)).to.equal(
      "Un banc à l’ombre de 2 > 1 arbres & un autre",
    );
  });

  it("never exceeds its length, whatever the words", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        expect(plainText(text, max).length).to.be.at.most(max);
      }),
    );
  });
});
