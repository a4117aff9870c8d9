import { expect } from "chai";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { personByUri } from "../../src/features/people/people.js";
import { commentByUri } from "../../src/features/comments/comments.js";
import { wordingOf } from "../../src/features/comments/handling.js";
import { ruleOnComment } from "../../src/features/moderation/deciding.js";
import { aDraft } from "../support/builders.js";
import { aSite, type Site } from "../support/site.js";
import { asTown, hostOf, untilSettled } from "./support/network.js";
import { aPeer, closePeers } from "./support/peer.js";

describe("the name of somebody from another server", function () {
  this.timeout(20_000);
  let site: Site;
  before(async () => {
    site = await aSite();
  });
  after(() => site.close());
  afterEach(closePeers);

  it("cannot turn what stands after it on our pages, nor look like an address of ours", async () => {
    const peer = await aPeer();
    const name = "Urbanisme\u202e moc.elliv\u2066\0";
    const mallory = await peer.actor("mallory", { name, preferredUsername: "mairie@ville.fr" });
    const { member } = await site.signedIn("Camille");
    const proposal = await publishProposal(site.as(member), aDraft());
    await untilSettled(site);
    const note = peer.note(mallory, { inReplyTo: proposal.uri });

    await peer.post(asTown(site), mallory, peer.activity(mallory, "Create", note));
    await untilSettled(site);
    const comment = await commentByUri(site.ctx, note["id"] as string);
    if (comment === null) throw new Error("The comment did not arrive.");
    const moderator = site.as((await site.signedIn("Noa", "moderator")).member);
    const ruling = { act: "release", why: null, note: "", wording: wordingOf(comment) } as const;
    await ruleOnComment(moderator, comment._id, ruling);

    const person = await personByUri(site.ctx, mallory.uri);
    expect([person?.name, person?.handle]).to.deep.equal([
      ...["Urbanisme moc.elliv", `@${hostOf(peer.origin)}`],
    ]);
    const { text } = await site.browser().open(`/proposals/${proposal.number}`);
    expect(text).to.contain("<bdi>Urbanisme moc.elliv</bdi>");
    expect(text).not.to.match(/[\0\u202a-\u202e\u2066-\u2069]/);
  });
});
