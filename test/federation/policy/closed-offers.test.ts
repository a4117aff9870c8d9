import { expect } from "chai";
import { publishComment } from "../../../src/features/comments/comments.js";
import { receiveComment } from "../../../src/features/comments/receiving.js";
import { consentToNetwork, receivePerson } from "../../../src/features/people/people.js";
import { proposalPath } from "../../../src/features/proposals/proposal.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { receiveProposal } from "../../../src/features/proposals/receiving.js";
import { publishResponse } from "../../../src/features/responses/answering.js";
import { responsePath } from "../../../src/features/responses/response.js";
import { createTopic } from "../../../src/features/topics/topics.js";
import type { Mode } from "../../../src/federation/policy/records.js";
import { createUnwanted } from "../../../src/federation/policy/policy.js";
import { block, changeSettings, unblock } from "../../../src/federation/policy/rules.js";
import { aDraft, aReceivedProposal, ofLinked } from "../../support/builders.js";
import { aSite, type Site } from "../../support/site.js";
import { countingCalls } from "../support/counting.js";
import { anAnswer } from "../../features/responses/support.js";

describe("what can be done from another server", function () {
  this.timeout(30_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  const setMode = (mode: Mode) =>
    changeSettings(site.app.federation.rules, site.ctx, { mode, signedReads: false });
  const read = async (path: string): Promise<string> => (await site.browser().open(path)).text;
  const offers = async (path: string): Promise<boolean> =>
    (await read(path)).includes("/interact?");

  /** Something of every kind that people of other servers act on; the pages of it. */
  async function furnished(): Promise<string[]> {
    const camille = site.as((await site.signedIn("Camille")).member);
    const person = await consentToNetwork(camille);
    const topic = await createTopic(site.as((await site.signedIn("Ada", "admin")).member), {
      ...{ name: "Rues", description: "" },
    });
    const proposal = await publishProposal(camille, aDraft({ topicId: topic._id }));
    await publishComment(camille, { proposalId: proposal._id, parentId: null, body: "Oui." });
    const mayor = site.as((await site.signedIn("Mairie", "official")).member);
    const response = await publishResponse(mayor, anAnswer(proposal._id));
    return [
      ...["/", "/about", `/topics/${topic.slug}`, `/people/${person.handle}`],
      ...[proposalPath(proposal), responsePath(response)],
    ];
  }

  it("is offered on the pages of an open instance, and nowhere on those of a closed one", async () => {
    const pages = await furnished();
    const handle = new RegExp(`@\\w+@${new URL(site.origin).hostname}`);
    const kinds = async (path: string) => [await offers(path), handle.test(await read(path))];
    const open = await Promise.all(pages.map(kinds));
    expect(open.map(([offered]) => offered)).to.deep.equal(pages.map(() => true));
    expect(open.filter(([, named]) => named)).to.have.length(5);

    await setMode("closed");
    const closed = await Promise.all(pages.map(kinds));
    const way = await site.browser().open("/interact?on=%2F&to=follow");
    await setMode("open");

    expect(closed).to.deep.equal(pages.map(() => [false, false]));
    expect(way.status).to.equal(404);
    expect(await offers("/")).to.equal(true);
  });

  it("is looked up once for a page, however much that offers", async () => {
    const count = { calls: 0 };
    const unwanted = createUnwanted(countingCalls(site.ctx, count));
    const own = site.ctx.instance.url("/");

    await Promise.all([unwanted([own]), unwanted([own])]);
    await unwanted([own]);

    expect(count.calls).to.equal(1);
  });

  it("is not offered for what is of a server that is blocked, nor to answer who is", async () => {
    const { rules } = site.app.federation;
    const proposal = await receiveProposal(site.ctx, aReceivedProposal());
    const guest = await receivePerson(site.ctx, {
      ...{ uri: "https://social.example/users/bo", name: "Bo", handle: "bo@social.example" },
      ...{ url: "https://social.example/@bo", host: "social.example", about: "" },
    });
    await receiveComment(site.ctx, {
      ...{ uri: "https://social.example/notes/1", proposalId: proposal._id, parentId: null },
      ...{ personId: guest._id, html: "<p>Oui.</p>", text: "Oui.", from: ofLinked() },
      publishedAt: site.clock.now(),
    });
    const page = proposalPath(proposal);
    const count = async (): Promise<number> => (await read(page)).split("/interact?").length - 1;
    const before = await count();

    await block(rules, site.ctx, { who: "social.example", severity: "blocked" });
    const withoutGuest = await count();
    await block(rules, site.ctx, { who: "velo.example", severity: "blocked" });
    const blocked = await count();
    for (const who of ["social.example", "velo.example"]) await unblock(rules, site.ctx, who);

    expect([before - withoutGuest, blocked]).to.deep.equal([1, 0]);
    expect(await count()).to.equal(before);
  });
});
