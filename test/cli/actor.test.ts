import { expect } from "chai";
import { openDesk } from "./support.js";

const city = ["--origin", "https://valmont.example", "--name", "Valmont", "--kind", "city"];

describe("exchanging keys on the command line", function () {
  this.timeout(60_000);
  const desk = openDesk();
  after(() => desk.remove());

  it("is asked of the running server, for an actor that exists", async () => {
    await desk.run(["instance", "create", ...city]);
    const rotate = ["actor", "rotate-keys", "--instance", "valmont.example"];

    const asked = await desk.json<{ actors: string[] }>(rotate);
    const stranger = await desk.run([...rotate, "--actor", "p99"]);
    const elsewhere = await desk.run(["actor", "rotate-keys", "--instance", "roche.example"]);
    const lacking = await desk.run(["actor", "rotate-keys"]);

    expect(asked.actors).to.deep.equal([
      ...["https://valmont.example/actor", "https://valmont.example/actor/instance"],
    ]);
    expect(stranger.code).to.equal(1);
    expect(stranger.err).to.contain('Nobody on valmont.example is called "p99"');
    expect(elsewhere.code).to.equal(1);
    expect(lacking.code).to.equal(2);
  });
});
