import { once } from "node:events";
import { get } from "node:http";
import { expect } from "chai";
import type { Response } from "express";
import { stateOf } from "../../src/hosting/web/state.js";
import { aKeptSite, closeKeptSites, sendKept, type KeptSite } from "../support/kept-site.js";

/** How a page is finished. */
type Finish = (res: Response, text: string) => void;

/** A page on which a title stands: whoever makes it reads that at once, and is done when the test says so. */
interface Scene extends KeptSite {
  /** Give it another title. */
  write(title: string): void;
  /** So many ask for it, and have come by the time that this resolves. */
  visitors(count: number): Promise<Promise<string>[]>;
  /** Finish what is being made, once so many were begun altogether. */
  finish(begun: number, how?: Finish): Promise<void>;
}

async function aScene(): Promise<Scene> {
  const making: ((how: Finish) => void)[] = [];
  const row = { title: "old", change: 0 };
  const site = await aKeptSite({
    changes: { elsewhere: () => 0, here: () => row.change },
    answer: async (_req, res) => {
      stateOf(res).watch?.("proposals");
      const { title } = row;
      const how = await new Promise<Finish>((resolve) => making.push(resolve));
      how(res, title);
    },
  });
  return {
    ...site,
    write: (title) => void Object.assign(row, { title, change: row.change + 1 }),
    async visitors(count) {
      const before = site.asked.now;
      const all = Array.from({ length: count }, () => site.ask("proposals"));
      await site.asked.reaches(before + count);
      return all;
    },
    async finish(begun, how = sendKept) {
      await site.made.reaches(begun);
      for (const done of making.splice(0)) done(how);
    },
  };
}

describe("A page that many visitors ask for at once", () => {
  afterEach(closeKeptSites);

  const read = async (visitors: readonly Promise<string>[]): Promise<string[]> => [
    ...new Set(await Promise.all(visitors)),
  ];

  it("is made once for all of them", async () => {
    const site = await aScene();
    const visitors = await site.visitors(20);

    await site.finish(1);

    expect(await read(visitors)).to.deep.equal(["old"]);
    expect(site.made.now).to.equal(1);
  });

  it("shows everybody what was written before they came, and is made once more for that", async () => {
    const site = await aScene();
    const early = await site.visitors(1);
    site.write("new");
    const late = await site.visitors(20);

    await site.finish(1);
    await site.finish(2);

    expect(await read(early)).to.deep.equal(["old"]);
    expect(await read(late)).to.deep.equal(["new"]);
    expect(site.made.now).to.equal(2);
  });

  it("keeps nobody waiting for a third time while more and more is written", async () => {
    const site = await aScene();
    const early = await site.visitors(1);
    site.write("newer");
    const late = await site.visitors(2);
    await site.finish(1);
    await site.made.reaches(2);
    site.write("newest");

    await site.finish(2);

    expect(await read(early)).to.deep.equal(["old"]);
    expect(await read(late)).to.deep.equal(["newer"]);
  });

  it("is everybody's own once making it failed", async () => {
    const site = await aScene();
    const visitors = await site.visitors(3);

    await site.finish(1, (res) => void res.status(503).send("unavailable"));
    await site.finish(3);

    expect(await Promise.all(visitors)).to.have.members(["unavailable", "old", "old"]);
  });

  it("is everybody's own as soon as making it turns out to write", async () => {
    const site = await aScene();
    const visitors = await site.visitors(2);

    await site.finish(1, (res) => stateOf(res).watch?.(null));
    await site.finish(2);

    expect(await Promise.race(visitors)).to.equal("old");
  });

  it("is made again when making it takes too long, which holds nobody up", async () => {
    let makings = 0;
    const answer = (_req: unknown, res: Response): void => {
      makings += 1;
      if (makings > 1) sendKept(res, "soon");
    };
    const site = await aKeptSite({ answer, patienceMs: 20 });
    void site.ask("proposals").catch(() => undefined);
    await site.made.reaches(1);

    expect(await read([site.ask("proposals"), site.ask("proposals")])).to.deep.equal(["soon"]);
  });

  it("reaches them although the one for whom it is made has gone away", async () => {
    const answer = async (_req: unknown, res: Response): Promise<void> => {
      await once(res, "close");
      sendKept(res, "made for others");
    };
    const site = await aKeptSite({ answer });
    const first = get(site.url("proposals")).on("error", () => undefined);
    await site.made.reaches(1);
    const visitors = [site.ask("proposals"), site.ask("proposals")];
    await site.asked.reaches(3);

    first.destroy();

    expect(await read(visitors)).to.deep.equal(["made for others"]);
    expect(site.made.now).to.equal(1);
  });
});
