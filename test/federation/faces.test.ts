import { expect } from "chai";
import { consentToNetwork, leaveNetwork, renamePerson } from "../../src/features/people/people.js";
import { createTopic } from "../../src/features/topics/topics.js";
import { activitiesCollection, keysCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { present } from "../support/presenting.js";
import { followed } from "./support/followed.js";
import { aPeer, closePeers } from "./support/peer.js";
import { aTown, closeTowns, laterAll, type Town } from "./support/town.js";

const minute = 60_000;

function describes(ctx: Ctx, description: string): Promise<void> {
  return present(ctx, { tagline: "Au bord de l’eau", description });
}

interface Face {
  readonly summary?: string;
  readonly attachment?: ReadonlyArray<{ readonly value: string }>;
  readonly discoverable?: boolean;
}

describe("followers elsewhere", function () {
  this.timeout(15_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  async function aFollowedTown(): Promise<{ town: Town; told: () => Face[] }> {
    const town = await aTown({ timing: { coalesceMs: minute } });
    const peer = await aPeer();
    await followed(town, peer, "a");
    return { town, told: () => peer.inboxed("Update").map(({ object }) => object as Face) };
  }

  it("are told once how a city presents itself, however often it was changed meanwhile", async () => {
    const { town, told } = await aFollowedTown();
    const admin = await town.newcomer("Maud", "admin");

    for (const words of ["Un", "Deux", "Trois"]) {
      await describes(admin, words);
      await town.settle();
    }
    expect(told()).to.deep.equal([]);
    await laterAll(minute, town);

    expect(told().map(({ summary }) => summary)).to.deep.equal([
      "<p>Au bord de l’eau</p><p>Trois</p>",
    ]);
  });

  it("are told nothing when it was changed and changed back, and again when it is changed anew", async () => {
    const { town, told } = await aFollowedTown();
    const admin = await town.newcomer("Maud", "admin");
    await describes(admin, "Un");
    await laterAll(minute, town);

    await describes(admin, "Deux");
    await describes(admin, "Un");
    await laterAll(minute, town);
    expect(told()).to.have.length(1);

    for (const words of ["Deux", "Un"]) {
      await describes(admin, words);
      await laterAll(minute, town);
    }
    expect(told()).to.have.length(3);
  });

  it("learn of a citizen's lines only what was agreed to, and find nobody who did not ask for it", async () => {
    const town = await aTown({ timing: { coalesceMs: minute } });
    const peer = await aPeer();
    const citizen = await town.newcomer("Camille");
    const person = await consentToNetwork(citizen);
    const alice = await peer.actor("alice");
    await peer.post(town, alice, peer.activity(alice, "Follow", person.uri));
    await laterAll(minute, town);
    const face = async (): Promise<Face> => {
      const headers = { accept: "application/activity+json" };
      return (await (await fetch(person.uri ?? "", { headers })).json()) as Face;
    };
    expect((await face()).discoverable).to.equal(false);
    peer.received.length = 0;

    await renamePerson(citizen, {
      ...{ name: "Camille", about: "", discoverable: true },
      fields: [{ label: "Site", value: "https://camille.example/" }],
    });
    await laterAll(minute, town);

    const [told] = peer.inboxed("Update").map(({ object }) => object as Face);
    expect(told?.discoverable).to.equal(true);
    expect(told?.attachment?.[0]?.value).to.contain('rel="me nofollow noopener"');
    await renamePerson(citizen, { name: "Camille", about: "" });
    await leaveNetwork(citizen);
    await laterAll(minute, town);
    expect(peer.inboxed("Update")).to.have.length(1);
    expect(peer.inboxed("Delete")).to.have.length(1);
  });

  it("see a new topic as it is at the end of the minute", async () => {
    const { town } = await aFollowedTown();
    const topic = await createTopic(town.visitor, { name: "Espaces verts", description: "Parcs" });
    await laterAll(minute, town);
    const headers = { accept: "application/activity+json" };
    const answer = await fetch(`${town.origin}/topics/${topic.slug}`, { headers });
    const { icon } = (await answer.json()) as { icon: { url: string } };
    expect(icon.url).to.equal(`${town.origin}/icons/topic-195.png`);
  });

  it("that do not exist cost a new city no keys: thousands of them have topics that nobody follows", async () => {
    const town = await aTown({ timing: { coalesceMs: minute } });
    for (const name of ["Écoles", "Mobilité"]) {
      await createTopic(town.visitor, { name, description: "" });
    }

    await laterAll(minute, town);

    const topics = { $gt: `${town.origin}/topics/`, $lt: `${town.origin}/topics0` };
    const made = await town.visitor.collection(keysCollection).countDocuments({ _id: topics });
    const told = await town.visitor.collection(activitiesCollection).countDocuments({});
    expect([made, told]).to.deep.equal([0, 0]);
  });
});
