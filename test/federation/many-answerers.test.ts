import { expect } from "chai";
import { proposalByUri } from "../../src/features/proposals/proposals.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { responseTo } from "../../src/features/responses/responses.js";
import { mostAnswerers } from "../../src/federation/answerers.js";
import { followingCollection, remoteActorsCollection } from "../../src/federation/records.js";
import { expectRefusal } from "../support/builders.js";
import { actorOf, answer, link, proposed, towns } from "./support/linked-towns.js";
import { closeTowns, settleAll, type Town } from "./support/town.js";

const accept = { accept: "application/activity+json" };

const answerersOf = (home: Town): string => `${actorOf(home)}/answerers`;

/** Link an association with more cities than its proposals name, all of them before the given one. */
async function linkMany(home: Town, hall: Town): Promise<void> {
  const rows = home.visitor.collection(followingCollection);
  const actors = home.visitor.collection(remoteActorsCollection);
  const known = [
    await rows.findOne({ targetUri: actorOf(hall) }),
    await actors.findOne({ uri: actorOf(hall) }),
  ] as const;
  if (known[0] === null || known[1] === null) throw new Error("not linked");
  for (let at = 0; at < mostAnswerers + 5; at += 1) {
    const host = `1.a${at}.example`;
    const uri = `http://${host}/actor`;
    await rows.insertOne({
      ...{ ...known[0], _id: `f${at}`, host, targetUri: uri, followUri: `${uri}/f` },
    });
    await actors.insertOne({ ...known[1], _id: `a${at}`, uri, host });
  }
}

async function officeFor(town: Town, { uri }: Proposal): Promise<string | undefined> {
  const seen = await proposalByUri(town.visitor, uri);
  return (await responseTo(town.visitor, seen?._id ?? ""))?.office;
}

describe("The proposals of an association that is linked with more cities than it names", function () {
  this.timeout(30_000);
  afterEach(closeTowns);

  it("are answered by each of those cities, and by no other", async () => {
    const [home, hall, witness, stranger] = (await towns(
      ...(["association", "city", "city", "city"] as const),
    )) as [Town, Town, Town, Town];
    await link(home, witness);
    await link(home, hall);
    await link(hall, witness);
    await stranger.federation.linkInstance(stranger.visitor, home.origin);
    await linkMany(home, hall);
    const proposal = await proposed(home, hall, witness, stranger);

    await expectRefusal(answer(stranger, proposal), "not-asked");
    await answer(hall, proposal);
    await settleAll(hall, home, witness, stranger);
    await settleAll(hall, home, witness, stranger);

    expect(await officeFor(home, proposal)).to.equal("Ville 1");
    expect(await officeFor(witness, proposal)).to.equal("Ville 1");
  });

  it("name some, and lead to where the others are told, host by host", async () => {
    const [home, hall] = (await towns("association", "city")) as [Town, Town];
    await link(home, hall);
    const proposal = await proposed(home, hall);
    const civic = async () => {
      const found = await fetch(proposal.uri, { headers: accept });
      return ((await found.json()) as { civic: object }).civic;
    };
    const told = async (host: string) => {
      const found = await fetch(`${answerersOf(home)}/${host}`, { headers: accept });
      return (await found.json()) as object;
    };

    expect(await civic()).to.deep.include({ answeredBy: [actorOf(home), actorOf(hall)] });
    expect(await civic()).not.to.have.property("answerers");
    await linkMany(home, hall);

    const many = await civic();
    expect(many).to.have.property("answeredBy").with.length(mostAnswerers);
    expect(many).to.include({ answerers: answerersOf(home) });
    const { host } = new URL(hall.origin);
    expect(await told(host)).to.deep.include({
      ...{ id: `${answerersOf(home)}/${host}`, type: "Collection" },
      ...{ totalItems: 1, items: [actorOf(hall)] },
    });
    expect(await told("nobody.example")).to.deep.include({ totalItems: 0, items: [] });
  });
});
