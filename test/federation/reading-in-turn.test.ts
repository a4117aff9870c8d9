import { expect } from "chai";
import { pino } from "pino";
import { catchUpWith } from "../../src/federation/inbound/linked.js";
import { createServices, type Services } from "../../src/federation/services.js";
import { readingInTurn } from "../../src/federation/reading.js";
import type { FetchDocument } from "../../src/federation/remote-document.js";
import { Postpone } from "../../src/kit/index.js";
import { aGate, until } from "../drivers/queue.conformance.js";
import { aTown, closeTowns, type Town } from "./support/town.js";

const AS = "https://www.w3.org/ns/activitystreams";

/** The services of a town whose jobs read documents so. */
function servicesReading(town: Town, fetchDocument: FetchDocument): Services {
  const services = createServices({
    ...{ contexts: town.contexts, clock: town.clock, log: pino({ level: "silent" }) },
    ...{ version: "0.1.0", allowPrivate: true, timing: { slowMs: 5 } },
  });
  return {
    ...services,
    reachOf: (instance) => ({ ...services.reachOf(instance), fetchDocument }),
  };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe("what jobs read of other servers", () => {
  afterEach(closeTowns);

  it("is postponed at a server that answers nothing, and read at others meanwhile", async () => {
    const town = await aTown();
    const gate = aGate();
    let silent = 0;
    const services = readingInTurn(
      servicesReading(town, async (url) => {
        if (!url.startsWith("https://silent.example/")) return { id: url, document: {} };
        silent += 1;
        await gate.opened;
        return { id: url, document: {} };
      }),
    );
    const { fetchDocument } = services.reachOf(town.instance);
    const failures: unknown[] = [];
    const asked = Array.from({ length: 50 }, async (_, n) => {
      const failure = await failureOf(fetchDocument(`https://silent.example/${n}`));
      if (failure !== null) failures.push(failure);
    });

    await until(() => failures.length >= 46);
    const { id } = await fetchDocument("https://well.example/1");

    expect(silent).to.be.within(1, 4);
    expect(failures.every((error) => error instanceof Postpone)).to.equal(true);
    expect(id).to.equal("https://well.example/1");
    gate.open();
    await Promise.all(asked);
    expect(failures).to.have.length(50 - silent);
  });

  it("is read at few names of one domain at once, however quickly each of them answered before", async () => {
    const town = await aTown();
    const gate = aGate();
    let isSilent = false;
    let silent = 0;
    const services = readingInTurn(
      servicesReading(town, async (url) => {
        if (!isSilent || !url.includes(".names.example/")) return { id: url, document: {} };
        silent += 1;
        await gate.opened;
        return { id: url, document: {} };
      }),
    );
    const { fetchDocument } = services.reachOf(town.instance);
    const names = Array.from({ length: 12 }, (_, n) => `https://n${n}.names.example/`);
    for (const name of names) await fetchDocument(name);
    isSilent = true;

    const asked = names.map((name) => failureOf(fetchDocument(name)));
    await until(() => silent > 0);
    const failures = await Promise.race([
      Promise.all(asked.slice(4)),
      until(() => silent > 4).then(() => "all of them are asked"),
    ]);
    const { id } = await fetchDocument("https://well.example/1");

    expect(failures).to.have.length(8);
    expect(id).to.equal("https://well.example/1");
    gate.open();
    await Promise.all(asked);
    expect(silent).to.be.within(1, 4);
  });

  it("begins again with what a linked instance has published, when its turn had not come", async () => {
    const town = await aTown();
    const outbox = "https://linked.example/outbox";
    const items = [{ type: "Announce", object: "https://linked.example/proposals/1" }];
    const document = {
      ...{ "@context": AS, id: outbox, type: "OrderedCollection" },
      first: { type: "OrderedCollectionPage", orderedItems: items },
    };
    const services = servicesReading(town, async (url) => {
      if (url !== outbox) throw new Postpone("linked.example is busy", 1);
      return { id: url, document };
    });

    const failure = await failureOf(catchUpWith(services, town.visitor, outbox));

    expect(failure).to.be.instanceOf(Postpone);
  });
});
