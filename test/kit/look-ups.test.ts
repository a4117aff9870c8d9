import { expect } from "chai";
import { createInFlight, createRecent, createTogether } from "../../src/kit/look-ups.js";

/** A look-up that ends when it is told to. */
function aLookUp<T>() {
  const ends: Array<(found: T) => void> = [];
  return { look: () => new Promise<T>((resolve) => ends.push(resolve)), ends };
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("What many deliveries ask at once", () => {
  it("is looked up once, and kept only when nobody had it forgotten meanwhile", async () => {
    const inFlight = createInFlight<string>();
    const { look, ends } = aLookUp<string>();
    const kept: string[] = [];
    const ask = () => inFlight.of("host", look, (found) => void kept.push(found));

    const [one, other] = [ask(), ask()];
    await turn();
    inFlight.forget("host");
    const later = ask();
    await turn();
    ends[0]?.("before");
    ends[1]?.("after");

    expect(await Promise.all([one, other, later])).to.deep.equal(["before", "before", "after"]);
    expect(kept).to.deep.equal(["after"]);
  });

  it("tells nobody what was so before they asked", async () => {
    const together = createTogether<string>();
    const { look, ends } = aLookUp<string>();
    const first = together("post", look);
    await turn();

    const late = [together("post", look), together("post", look)];
    await turn();
    expect(ends).to.have.length(1);
    ends[0]?.("as it was");
    expect(await first).to.equal("as it was");
    await turn();
    expect(ends).to.have.length(2);
    ends[1]?.("as it is");

    expect(await Promise.all(late)).to.deep.equal(["as it is", "as it is"]);
  });

  it("goes on after a look-up that failed", async () => {
    const together = createTogether<string>();
    const failed = together("post", () => Promise.reject(new Error("away")));
    const next = failed.then(
      () => "",
      () => together("post", () => Promise.resolve("back")),
    );

    expect(await next).to.equal("back");
  });

  it("is told again for a moment, and then only what was so since", async () => {
    const always = createRecent<string>(60_000);
    const never = createRecent<string>(-1);
    const { look, ends } = aLookUp<string>();

    const shared = [always("post", look), always("post", look)];
    expect(ends).to.have.length(1);
    ends[0]?.("one");
    const again = always("post", look);
    const other = always("other post", look);
    ends[1]?.("other");
    const asked = [never("post", look), never("post", look)];
    expect(ends).to.have.length(4);
    ends[2]?.("as it was");
    ends[3]?.("as it is");

    expect(await Promise.all([...shared, again])).to.deep.equal(["one", "one", "one"]);
    expect(await other).to.equal("other");
    expect(await Promise.all(asked)).to.deep.equal(["as it was", "as it is"]);
  });

  it("is not kept when the look-up failed", async () => {
    const recent = createRecent<string>(60_000);
    const failed = recent("post", () => Promise.reject(new Error("away")));
    const next = failed.then(
      () => "",
      () => recent("post", () => Promise.resolve("back")),
    );

    expect(await next).to.equal("back");
  });
});
