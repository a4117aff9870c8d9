import { expect } from "chai";
import fc from "fast-check";
import { Query } from "mingo";
import { checkFilter } from "../../src/drivers/store/operators.js";
import {
  analyse,
  analyseQuery,
  createAnalyser,
  isEmptyQuery,
  MAX_TERMS,
  searchFilter,
  type SearchPlace,
} from "../../src/kit/text/search.js";
import { fold } from "../../src/kit/text/words.js";
import { millisecondsOf } from "../support/cpu-time.js";

const proposals = [
  { title: "Rénover l'école des Tilleuls", body: "Les classes sont froides, les vélos sans abri." },
  { title: "Des pistes cyclables vers la gare", body: "Aménager la rue, planter, **ralentir**." },
  { title: "Un marché bio", body: "Chaque samedi, sur la place aménagée près de l'école." },
  { title: "Safer crossings for schools", body: "Children cross two busy streets in the centre." },
  { title: "Obrir la biblioteca els diumenges", body: "El col·legi i les escoles del barri." },
  { title: "Cœur de ville", body: "Les journaux municipaux ; un journal de quartier, écologie." },
].map((one) => ({ ...one, terms: analyse(one) }));

function found(text: string, language = "fr", place: SearchPlace = "anywhere"): string[] {
  const filter = searchFilter(analyseQuery(text, [language]), place);
  checkFilter(filter);
  const query = new Query(filter);
  return proposals.filter((one) => query.test(one)).map((one) => one.title);
}

const [school, paths, market, crossings, library, heart] = proposals.map((one) => one.title);

describe("A visitor who searches", () => {
  it("finds a word in the singular, the plural, with its accents or without", () => {
    for (const text of ["école ", "écoles ", "ecole ", "ÉCOLES ", "l'école ", "L’ECOLE "]) {
      expect(found(text), text).to.include.members([school, market]);
    }
  });

  it("finds the other forms of a French word", () => {
    expect(found("journal ")).to.deep.equal([heart]);
    expect(found("rénovation ")).to.deep.equal([school]);
    expect(found("aménagement ")).to.deep.equal([paths, market]);
    expect(found("amenagements ")).to.include(paths);
    expect(found("cyclable ")).to.deep.equal([paths]);
  });

  it("finds English words by their stems, on an English page or a French one", () => {
    expect(found("crossing ", "en")).to.deep.equal([crossings]);
    expect(found("school street ", "en")).to.deep.equal([crossings]);
    expect(found("crossings ", "fr")).to.deep.equal([crossings]);
  });

  it("finds words of other languages without their accents", () => {
    expect(found("biblioteca", "ca")).to.deep.equal([library]);
    expect(found("collegi ", "ca")).to.deep.equal([library]);
    expect(found("col·legi", "fr")).to.deep.equal([library]);
  });

  it("finds ligatures as they are typed", () => {
    expect(found("coeur ")).to.deep.equal([heart]);
    expect(found("cœur ")).to.deep.equal([heart]);
  });

  it("finds what begins with the unfinished last word, and no more once it is finished", () => {
    expect(found("bibl")).to.deep.equal([library]);
    expect(found("bibl ")).to.deep.equal([]);
    expect(found("éco")).to.include.members([school, market, heart]);
    expect(found("écoles")).to.include.members([school, market]).and.not.include(heart);
  });

  it("finds only what holds every word", () => {
    expect(found("école marché")).to.deep.equal([market]);
    expect(found("école biblioteca")).to.deep.equal([]);
  });

  it("need not leave out the small words", () => {
    expect(found("la place de l'école ")).to.deep.equal([market]);
    expect(found("le marché sur")).to.deep.equal([market]);
  });

  it("may ask for titles alone, to see those first", () => {
    expect(found("école", "fr", "title")).to.deep.equal([school]);
    expect(found("éco", "fr", "title")).to.deep.equal([school]);
    expect(found("planter ", "fr", "title")).to.deep.equal([]);
  });

  it("sees everything when there is nothing to search by", () => {
    for (const text of ["", "   ", "?!", "l'"]) {
      expect(isEmptyQuery(analyseQuery(text, ["fr"])), text).to.equal(true);
      expect(found(text)).to.have.length(proposals.length);
    }
  });

  it("is answered whatever they type", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        searchFilter(analyseQuery(text, ["fr", "en"]));
        checkFilter(searchFilter(analyseQuery(text, ["fr"])));
      }),
      { numRuns: 40 },
    );
  });

  it("is heard on eight words at most", () => {
    const words = Array.from({ length: 40 }, (_, index) => `mot${index}`).join(" ");

    expect(analyseQuery(words, ["fr"]).all).to.have.length(8);
    expect(millisecondsOf(() => analyseQuery("é'".repeat(100_000), ["fr"]))).to.be.below(100);
  });
});

describe("The terms kept on a proposal", () => {
  it("hold each word once, the title's first, and never more than a bounded number", () => {
    const body = Array.from({ length: 5_000 }, (_, index) => `arbres${index}x`).join(" ");
    const terms = analyse({ title: "Des arbres", body });

    expect(terms).to.include.members(["arbres", "t:arbres"]);
    expect(terms).to.have.length(MAX_TERMS);
    expect(new Set(terms).size).to.equal(terms.length);
  });

  it("hold nothing too short, too long or too common", () => {
    const terms = analyse({ title: "L'a", body: `de la ${"x".repeat(41)} https://www.ville.fr` });

    expect(terms).to.deep.equal(["ville", "vill", "fr"]);
  });

  it("are the same when many proposals are analysed in one go", () => {
    const analyseNext = createAnalyser();

    expect(proposals.map(analyseNext)).to.deep.equal(proposals.map(({ terms }) => terms));
    expect(proposals.map(analyseNext)).to.deep.equal(proposals.map(({ terms }) => terms));
  });

  it("are made in linear time", () => {
    for (const body of [
      "é".repeat(1_000_000),
      "l'".repeat(500_000),
      "e\u0301\u0302".repeat(300_000),
    ]) {
      expect(millisecondsOf(() => analyse({ title: body, body }))).to.be.below(300);
    }
  });

  it("fold accents, ligatures and width away", () => {
    expect(fold("Cœur d'Évreux ŁÓDŹ Straße ﬁn")).to.equal("coeur d'evreux lodz strasse fin");
  });
});
