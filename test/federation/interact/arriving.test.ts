import { expect } from "chai";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { proposalByUri } from "../../../src/features/proposals/proposals.js";
import { followingCollection } from "../../../src/federation/records.js";
import { aDraft } from "../../support/builders.js";
import { aSite, type Site } from "../../support/site.js";
import { textOf } from "../support/network.js";

describe("residents who come back from another site", function () {
  this.timeout(30_000);
  let site: Site;
  let other: Site;
  before(async () => {
    [site, other] = [await aSite(), await aSite()];
  });
  after(async () => {
    await site.close();
    await other.close();
  });

  const arrive = (uri: string, to = ""): string =>
    `/authorize_interaction?${new URLSearchParams({ uri, ...(to === "" ? {} : { to }) }).toString()}`;

  it("find the intents for them in our WebFinger, beside the older template (FEP-3b86)", async () => {
    const answer = await fetch(`${site.origin}/.well-known/webfinger?resource=${site.origin}/`);
    const { links } = (await answer.json()) as {
      links: ReadonlyArray<{ rel: string; href?: string; template?: string }>;
    };
    const of = (rel: string) => links.find((link) => link.rel === rel);

    expect(of("http://ostatus.org/schema/1.0/subscribe")?.template).to.contain("{uri}");
    for (const [kind, place] of [
      ["Like", "{object}"],
      ["Follow", "{object}"],
      ["Object", "{object}"],
      ["Create", "{inReplyTo}"],
    ] as const) {
      const link = of(`https://w3id.org/fep/3b86/${kind}`);
      expect(link?.href, kind).to.contain(place);
      expect(link?.template).to.equal(link?.href);
    }
  });

  it("are led to what is here, by its own address or that of its actor", async () => {
    const author = await site.signedIn("Alix");
    const { number, uri } = await publishProposal(site.as(author.member), aDraft());
    const visitor = site.browser();

    for (const [wanted, to, path] of [
      [uri, "", `/proposals/${number}`],
      [uri, "comment", `/proposals/${number}#discussion`],
      [`${uri}/actor`, "follow", `/proposals/${number}`],
      [`${site.origin}/actor`, "follow", "/"],
      [`${uri}/notes/01abc`, "", `/proposals/${number}`],
      [`${site.origin}/about/`, "follow", "/"],
    ] as const) {
      expect((await visitor.open(arrive(wanted, to))).location, wanted).to.equal(path);
    }
  });

  it("are told plainly what they cannot do here, and never sent off the site", async () => {
    for (const uri of ["https://evil.example/notes/1", "http://evil.example/"]) {
      const answer = await site.browser().open(arrive(uri));
      expect(answer.status).to.equal(200);
      expect(textOf(answer.text)).to.contain("n’est pas lié à evil.example");
    }
    for (const uri of [
      "//evil.example",
      "javascript:alert(1)",
      "",
      `${site.origin}/proposals/99`,
    ]) {
      const answer = await site.browser().open(arrive(uri));
      expect(answer.location).to.equal(null);
      expect(textOf(answer.text)).to.contain("Rien à cette adresse");
      expect(answer.text).to.not.contain('href="javascript');
    }
  });

  it("are led nowhere by an address of ours that is made to lead elsewhere, or leads to nothing", async () => {
    for (const path of [
      "//evil.example",
      "//evil.example/proposals/1",
      "/\\evil.example",
      "/no/such/page/at/all",
      "/proposals/1/2/3/4",
    ]) {
      const answer = await site.browser().open(arrive(site.origin + path));
      expect(answer.location, path).to.equal(null);
      expect(textOf(answer.text), path).to.contain("Rien à cette adresse");
      const asked = await site
        .browser()
        .open(`/interact?to=follow&on=${path.replace(/^[/\\]+/, "/x/y/")}`);
      expect(asked.status, path).to.equal(404);
    }
  });

  it("bring a proposal of a linked site here, once they are signed in and say so", async () => {
    const author = await other.signedIn("Dominique");
    const { uri } = await publishProposal(other.as(author.member), aDraft());
    await site.ctx.collection(followingCollection).insertOne({
      ...{ _id: site.ctx.ids.next(), actorUri: `${site.origin}/actor`, state: "accepted" },
      ...{ targetUri: `${other.origin}/actor`, host: new URL(other.origin).host },
      ...{ followUri: `${site.origin}/activities/x`, at: site.clock.now() },
    });
    const visitor = await site.browser().open(arrive(uri));
    expect(visitor.text).to.match(/href="\/sign-in\?back(?:=|&#x3D;)/);
    const member = await site.signedIn("Zoé");
    await member.open(arrive(`${uri}/actor`));
    expect(await proposalByUri(site.ctx, uri), "reading changes nothing").to.equal(null);

    const brought = await member.submit("/authorize_interaction");

    expect(brought.status).to.equal(303);
    expect(brought.location).to.match(/^\/proposals\/linked\//);
    expect((await member.open(brought.location ?? "")).status).to.equal(200);
    expect((await member.open(arrive(`${other.origin}/proposals/99`))).status).to.equal(200);
    expect((await member.submit("/authorize_interaction")).status).to.equal(404);
  });
});
