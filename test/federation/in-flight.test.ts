import { expect } from "chai";
import { createInFlight, createTogether } from "../../src/federation/delivery/in-flight.js";

/** A look-up that ends when it is told to. */
function aLookUp<T>() {
  const ends: Array<(found: T) => void> = [];
  return { look: () => new Promise<T>((resolve) => ends.push(resolve)), ends };
}
const noRest = (): Promise<void> => Promise.resolve();
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
    const together = createTogether<string>(noRest);
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

  it("rests between two look-ups, so that thousands of deliveries do not ask one by one", async () => {
    const { look: rest, ends: rests } = aLookUp<void>();
    const together = createTogether<string>(rest);
    const { look, ends } = aLookUp<string>();
    const first = together("post", look);
    await turn();
    ends[0]?.("one");
    expect(await first).to.equal("one");

    const late = [together("post", look), together("post", look)];
    await turn();
    late.push(together("post", look));
    await turn();
    expect(ends).to.have.length(1);
    rests[0]?.();
    await turn();
    ends[1]?.("other");

    expect(await Promise.all(late)).to.deep.equal(["other", "other", "other"]);
    expect(ends).to.have.length(2);
  });

  it("goes on after a look-up that failed", async () => {
    const together = createTogether<string>(noRest);
    const failed = together("post", () => Promise.reject(new Error("away")));
    const next = failed.then(
      () => "",
      () => together("post", () => Promise.resolve("back")),
    );

    expect(await next).to.equal("back");
  });
});
