import { expect } from "chai";
import { pino } from "pino";
import { createBudget } from "../../src/drivers/fetch.js";
import { commentByUri } from "../../src/features/comments/comments.js";
import { proposalByUri, proposalsCollection } from "../../src/features/proposals/proposals.js";
import { responseTo } from "../../src/features/responses/responses.js";
import { answerersTold } from "../../src/federation/inbound/answerers-told.js";
import { createServices } from "../../src/federation/services.js";
import { expectRefusal } from "../support/builders.js";
import { between } from "../support/faults.js";
import { answer } from "./support/linked-towns.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { actedOn, aScene, type Scene } from "./support/scene.js";
import { closeTowns, type TownOptions } from "./support/town.js";

type Doc = Record<string, unknown>;

/** What a proposal tells of those who answer it. */
interface Civic extends Doc {
  readonly of: "association";
  readonly answeredBy: string[];
  readonly answerers: string;
}

/** An association of more cities than its proposals name, and one of those that they do not name. */
interface ManyCities {
  readonly scene: Scene;
  readonly idea: PeerActor;
  /** The proposal as its actor tells it. */
  readonly note: Doc & { readonly id: string; readonly civic: Civic };
  readonly hall: PeerActor;
  readonly hallPeer: Peer;
  /** Have the association name these actors to whoever asks. */
  answerers(...actors: string[]): void;
}

async function manyCities(options: TownOptions = {}): Promise<ManyCities> {
  const scene = await aScene(options);
  const { town, peer } = scene;
  const linked = async (from: Peer, name: string): Promise<PeerActor> => {
    const actor = await from.actor(name, { type: "Organization" });
    const { followUri } = await town.federation.linkInstance(town.visitor, actor.uri);
    const accept = from.activity(actor, "Accept", { id: followUri, type: "Follow" });
    await from.post(town, actor, accept);
    await town.settle();
    return actor;
  };
  const hallPeer = await aPeer();
  const [assoc, hall] = [await linked(peer, "assoc"), await linked(hallPeer, "hall")];
  const idea = await peer.actor("p1", { type: "Group" });
  const civic: Civic = {
    ...{ kind: "proposal", number: 1, title: "Un banc", text: "<p>Un banc.</p>", status: "open" },
    ...{ author: "Ana", instance: "Là-bas", supports: 2, comments: 0 },
    ...{ of: "association", answeredBy: [assoc.uri], answerers: `${assoc.uri}/answerers` },
  };
  const note = { ...peer.note(idea), civic, id: `${peer.origin}/notes/p1` };
  peer.documents.set("/notes/p1", { "@context": "https://www.w3.org/ns/activitystreams", ...note });
  const answerers = (...actors: string[]): void => {
    for (const origin of [hallPeer.origin, town.origin]) {
      const path = `/users/assoc/answerers/${new URL(origin).host}`;
      const items = actors.filter((one) => one.startsWith(`${origin}/`));
      peer.documents.set(path, {
        "@context": "https://www.w3.org/ns/activitystreams",
        ...{ id: `${peer.origin}${path}`, type: "Collection", totalItems: items.length, items },
      });
    }
  };
  answerers(hall.uri);
  await scene.tell(idea, "Create", note);
  return { scene, idea, note, hall, hallPeer, answerers };
}

const said = {
  ...{ kind: "response", office: "Voirie", decision: "accepted", text: "<p>Oui.</p>" },
  milestones: [],
};

describe("An association whose proposals do not name every city that answers them", function () {
  this.timeout(20_000);
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });

  it("has a city’s answer taken on the record, though an Update comes while it is asked about that city", async () => {
    const keeping = between("proposals", "findOneAndUpdate", "after");
    const made = await manyCities({ storeThrough: keeping.through });
    const { scene, idea, note, hall, hallPeer } = made;
    const { town, peer } = scene;
    const response = hallPeer.note(hall, { inReplyTo: note.id, civic: said });

    keeping.once(() => actedOn(scene, idea, peer.activity(idea, "Update", note)));
    await hallPeer.post(town, hall, hallPeer.activity(hall, "Create", response));
    await town.settle();

    expect(keeping.happened).to.equal(1);
    const seen = await proposalByUri(town.visitor, note.id);
    expect((await responseTo(town.visitor, seen?._id ?? ""))?.office).to.equal("Voirie");
    expect(await commentByUri(town.visitor, String(response["id"]))).to.equal(null);
  });

  it("has the answer of a city that it names to nobody taken as a comment", async () => {
    const { scene, note, hall, hallPeer, answerers } = await manyCities();
    const { town } = scene;
    answerers();
    const response = hallPeer.note(hall, { inReplyTo: note.id, civic: said });

    await hallPeer.post(town, hall, hallPeer.activity(hall, "Create", response));
    await town.settle();

    const seen = await proposalByUri(town.visitor, note.id);
    expect(await responseTo(town.visitor, seen?._id ?? "")).to.equal(null);
    expect(await commentByUri(town.visitor, String(response["id"]))).not.to.equal(null);
  });

  it("is asked about our own city once, not at each Update, until somebody looks or was told otherwise", async () => {
    const { scene, idea, note, answerers } = await manyCities();
    const { town, peer, tell } = scene;
    const own = town.instance.url("/actor");
    const [assoc] = note.civic.answeredBy;
    const asked = () => peer.received.filter(({ path }) => path.includes("/answerers/")).length;
    const updated = async (title: string): Promise<unknown[]> => {
      await tell(idea, "Update", { ...note, civic: { ...note.civic, title } });
      return heldNow();
    };
    const heldNow = async (): Promise<unknown[]> => {
      const seen = await proposalByUri(town.visitor, note.id);
      return [asked(), seen?.title, seen?.elsewhere?.answeredBy];
    };
    expect(await heldNow()).to.deep.equal([1, "Un banc", [assoc]]);

    expect(await updated("Deux bancs")).to.deep.equal([1, "Deux bancs", [assoc]]);
    answerers(own);
    expect(await updated("Trois bancs")).to.deep.equal([1, "Trois bancs", [assoc]]);

    await expectRefusal(answer(town, { uri: note.id }), "not-asked");
    await town.settle();
    expect(await heldNow()).to.deep.equal([2, "Un banc", [assoc, own]]);
    expect(await updated("Quatre bancs")).to.deep.equal([2, "Quatre bancs", [assoc, own]]);

    // As another process writes it that asked later.
    await town.visitor
      .collection(proposalsCollection)
      .updateOne({ uri: note.id }, { $set: { "elsewhere.answeredBy": [assoc ?? ""] } });
    answerers();
    expect(await updated("Cinq bancs")).to.deep.equal([3, "Cinq bancs", [assoc]]);
  });

  it("is not taken to say no when an activity may cause no more requests", async () => {
    const { scene, note } = await manyCities();
    const { contexts, clock, visitor: ctx } = scene.town;
    const log = pino({ level: "silent" });
    const services = createServices({ contexts, clock, log, version: "0.1.0", allowPrivate: true });

    const told = answerersTold({ services, ctx, budget: createBudget(0) }, note.id, note.civic);

    await told.then(
      () => expect.fail("was taken for a no"),
      (error: unknown) => expect(error).to.include({ code: "budget-spent" }),
    );
    await services.close();
  });
});
