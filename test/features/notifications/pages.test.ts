import { expect } from "chai";
import {
  mostUnread,
  notificationsCollection,
} from "../../../src/features/notifications/notifications.js";
import { aProposal } from "../../support/builders.js";
import { linksOf } from "../../support/browser.js";
import { aSite, type Site } from "../../support/site.js";
import { aResponse } from "../responses/support.js";

/** Text with its unbreakable spaces as plain ones. */
function plain(text: string): string {
  return text.replace(/\u00a0/g, " ");
}

describe("the page of notifications", function () {
  this.timeout(20_000);
  let site: Site;

  before(async () => {
    site = await aSite();
  });
  after(() => site.close());

  it("tells a follower of the answer, rings the bell, and stops once it is read", async () => {
    const author = await site.signedIn("Dominique");
    const proposal = await aProposal(site.as(author.member), { title: "Un <b>banc</b> au parc" });
    const path = `/proposals/${proposal.number}`;
    const reader = await site.signedIn("Alix");
    await reader.open(path);
    const followed = await reader.follow(await reader.submit(`${path}/follow`));
    expect(followed.text).to.contain("nous vous préviendrons");
    const official = await site.signedIn("Mairie", "official");
    await aResponse(site.as(official.member), proposal._id);
    await site.later(1000);

    const list = await reader.open("/notifications");
    expect(plain(list.text)).to.contain("Notifications : 1 nouvelle");
    expect(plain(list.text)).to.contain("a répondu à « Un &lt;b&gt;banc&lt;/b&gt; au parc »");
    const link = linksOf(list.text).find((url) => /^\/notifications\/\w+$/.test(url)) ?? "";
    expect((await author.open(link)).status, "somebody else's").to.equal(404);
    const led = await reader.open(link);

    expect(led.location).to.equal(`${path}#response-title`);
    expect((await reader.open("/notifications")).text).not.to.contain("nouvelle");
  });

  it("marks everything as read at once, and counts no further than 99", async () => {
    const reader = await site.signedIn("Sacha");
    const proposal = await aProposal(site.as(reader.member));
    const memberId = reader.member._id;
    const rows = Array.from({ length: 120 }, (_, n) => ({
      ...{ _id: `n${String(n).padStart(3, "0")}`, memberId, subjectId: `s${n}`, readAt: null },
      ...{ proposalId: proposal._id, occasion: "comment-on-yours" as const, mail: "none" as const },
      at: new Date(site.clock.now().getTime() - n * 1000),
    }));
    await site.as(reader.member).collection(notificationsCollection).insertMany(rows);

    const first = await reader.open("/notifications");
    expect(plain(first.text)).to.contain(`Notifications : ${mostUnread} nouvelles`);
    const next = linksOf(first.text).find((url) => url.startsWith("/notifications?after=")) ?? "";
    const second = await reader.open(next);
    expect(linksOf(second.text).filter((url) => /^\/notifications\/n\d/.test(url))).to.have.length(
      30,
    );
    await reader.open("/notifications");
    const all = await reader.follow(await reader.submit("/notifications/read"));

    expect(all.text).to.contain("Tout est lu.").and.not.contain("nouvelle");
  });

  it("is for members: a visitor signs in and comes back", async () => {
    const visitor = site.browser();

    expect((await visitor.open("/notifications")).location).to.equal(
      "/sign-in?back=%2Fnotifications",
    );
    const reader = await site.signedIn();
    expect((await reader.open("/notifications")).text).to.contain("Rien pour l’instant");
  });
});
