import { expect } from "chai";
import { sendReset } from "../../../src/features/accounts/accounts.jobs.js";
import { notify } from "../../../src/features/notifications/notifying.js";
import { aProposal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";
import { aMember, tellingFeatures } from "../notifications/support.js";

describe("a letter about an account", () => {
  afterEach(closeCities);

  it("goes out before a mass of notices that were there first", async () => {
    const city = await aCity({ features: tellingFeatures, asleep: true });
    const author = await aMember(city, "Autrice");
    const { _id: proposalId } = await aProposal(author);
    const told: string[] = [];
    for (let n = 0; n < 40; n += 1) told.push((await aMember(city, `M${n}`)).member._id);
    const news = { occasion: "proposal-taken-down" as const, subjectId: proposalId, proposalId };
    await notify(city.visitor, { ...news, by: null }, told);
    await city.visitor.enqueue(sendReset, { memberId: author.member._id });

    await city.queue.start();
    await city.settle();

    const places = city.mails.map(({ to }) => to.startsWith(author.member._id));
    expect(places.filter((isHers) => isHers)).to.have.length(1);
    expect(city.mails).to.have.length(41);
    expect(places.indexOf(true)).to.be.below(5);
  });
});
