import { expect } from "chai";
import { openClosing } from "../../src/drivers/queue/closing.js";

describe("A worker that is told to stop", () => {
  it("keeps nothing of the millions of jobs that ended before", async () => {
    const closing = openClosing();

    const ends = Array.from({ length: 1_000 }, (_, n) =>
      closing.unlessLeft(
        n % 2 === 0 ? Promise.resolve(n) : Promise.reject(new Error("no")),
        "left",
      ),
    );
    const outcomes = await Promise.allSettled(ends);

    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(500);
    expect(closing.held).to.equal(0);
  });

  it("leaves what still runs when its patience ends, and what begins after that", async () => {
    const closing = openClosing();
    const never = new Promise<string>(() => undefined);
    const running = closing.unlessLeft(never, "left");
    closing.begin();
    expect([closing.isClosing, closing.held]).to.deep.equal([true, 1]);

    closing.release();

    expect(await running).to.equal("left");
    expect(await closing.unlessLeft(never, "left")).to.equal("left");
    expect(closing.held).to.equal(0);
    await closing.released;
  });
});
