import { expect } from "chai";
import { commentsCollection } from "../../src/features/comments/comments.js";
import type { Proposal } from "../../src/features/proposals/proposal.js";
import { proposalByUri } from "../../src/features/proposals/proposals.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { followingCollection, inboxCollection } from "../../src/federation/records.js";
import { signCavage } from "../../src/federation/signatures/cavage.js";
import { withProof } from "../../src/federation/signatures/proof.js";
import { aDraft } from "../support/builders.js";
import { aClock } from "../support/city.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "./support/peer.js";
import { countingPosts } from "./support/pictures.js";
import { anAttester, type Attester } from "./support/relay.js";
import { aTown, closeTowns, laterAll, type Town } from "./support/town.js";

type Doc = Record<string, unknown>;

/** An instance of the ring, with the proposal that the one before it follows. */
interface Place {
  readonly town: Town;
  readonly proposal: Proposal;
}

/** Bytes that nobody would write twice alike: other spaces, other escapes, a number as it came. */
function oddly(document: Doc): string {
  return JSON.stringify(document, null, 3)
    .replaceAll("é", "\\u00E9")
    .replace("{", '{ "weight": 1.50, ');
}

/** Post bytes as they are. */
function postBytes(town: Town, actor: PeerActor, body: string): Promise<Response> {
  const url = `${town.origin}/inbox`;
  const headers = signCavage({ method: "POST", url, body, date: town.clock.now() }, actor);
  const type = { "content-type": "application/activity+json" };
  return fetch(url, { method: "POST", body, headers: { ...type, ...headers } });
}

describe("a reply from the network, in a ring of three linked instances that follow each other's proposal", function () {
  this.timeout(30_000);
  const posts = countingPosts();
  let ring: readonly Place[];
  let towns: readonly Town[];
  let home: Place;
  let others: readonly Place[];
  let mastodon: Peer;
  let alice: Attester;

  beforeEach(async () => {
    const clock = aClock();
    towns = await Promise.all(["Un", "Deux", "Trois"].map((name) => aTown({ name, clock })));
    mastodon = await aPeer();
    alice = await anAttester(mastodon, "alice");
    ring = await Promise.all(
      towns.map(async (town) => ({
        town,
        proposal: await publishProposal(await town.newcomer(), aDraft()),
      })),
    );
    await told();
    for (const [at, { town }] of ring.entries()) {
      for (const other of towns.filter((one) => one !== town)) {
        await town.federation.linkInstance(town.visitor, other.origin);
      }
      const next = ring[(at + 1) % ring.length] as Place;
      await town.federation.linkInstance(town.visitor, `${next.proposal.uri}/actor`);
      await mastodon.post(town, alice, mastodon.activity(alice, "Follow", `${town.origin}/actor`));
    }
    await told();
    [home, ...others] = ring as [Place, ...Place[]];
    mastodon.received.length = 0;
    posts.fresh();
  });
  afterEach(async () => {
    await closeTowns();
    await closePeers();
  });
  after(() => posts.stop());

  /** Everything, with the figures that are told once a while. */
  const told = async (): Promise<void> => {
    for (let round = 0; round < 2; round += 1) await laterAll(15_000, ...towns);
  };

  const note = (proposal: Proposal, content: string, change: Doc = {}): Doc => {
    const said = mastodon.note(alice, { inReplyTo: proposal.uri, content, ...change });
    mastodon.documents.set(new URL(String(said["id"])).pathname, said);
    return said;
  };
  /** The bytes of an activity of hers, with her proof. */
  const attested = (type: string, object: Doc): string => {
    const activity = { ...mastodon.activity(alice, type, object), weight: 1.5 };
    const created = home.town.clock.now();
    const signer = { verificationMethod: alice.method, privateKey: alice.proofKey, created };
    const { weight: _written, ...proven } = withProof(activity, signer);
    return oddly(proven);
  };
  const post = async (places: readonly Place[], body: string): Promise<void> => {
    for (const { town } of places) {
      const { status } = await postBytes(town, alice, body);
      expect(status).to.equal(202);
    }
  };
  /** The comments on each instance, in words and states. */
  const said = (): Promise<string[][]> =>
    Promise.all(
      towns.map(async ({ visitor }) => {
        const rows = await visitor.collection(commentsCollection).find({}).toArray();
        return rows.map(({ body, state }) => `${body} (${state})`).sort();
      }),
    );
  const onEach = (...comments: string[]): string[][] => towns.map(() => comments);
  /** What an instance was sent with the id of an activity, byte for byte. */
  const bytesAt = async ({ town }: Place, body: string): Promise<string[]> => {
    const { id } = JSON.parse(body) as { id: string };
    const rows = await town.visitor.collection(inboxCollection).find({ activityUri: id }).toArray();
    return rows.map((row) => row.body);
  };
  const counted = (): Promise<Array<number | undefined>> =>
    Promise.all(
      towns.map(
        async ({ visitor }) => (await proposalByUri(visitor, home.proposal.uri))?.counts.comments,
      ),
    );

  it("is forwarded byte for byte by the home of its proposal, and by nobody else", async () => {
    const create = attested("Create", note(home.proposal, "<p>Bonne idée.</p>"));

    await post([home], create);
    await told();

    expect(await said()).to.deep.equal(onEach("Bonne idée. (shown)"));
    for (const place of others) expect(await bytesAt(place, create)).to.deep.equal([create]);
    expect(await counted()).to.deep.equal([1, 1, 1]);
    // Hers; forwarded to two; and the figures told to two.
    expect(posts.fresh()).to.equal(1 + 2 + 2);
    expect(mastodon.inboxed()).to.deep.equal([]);
  });

  it("is one comment on each without a proof, too: each asks its author's server", async () => {
    const words = note(home.proposal, "<p>Bonne idée.</p>");
    const create = oddly(mastodon.activity(alice, "Create", words));

    await post([home, ...others, home], create);
    await told();
    await post([...others, home], create);
    await told();

    expect(await said()).to.deep.equal(onEach("Bonne idée. (shown)"));
    expect(posts.fresh()).to.equal(4 + 3 + 2 + 2);
  });

  it("is one comment on each when copies come twice, in any order, before and after they are forwarded", async () => {
    const first = note(home.proposal, "<p>Un.</p>");
    const create = attested("Create", first);
    const updated = new Date(home.town.clock.now().getTime() + 1_000).toISOString();
    const update = attested("Update", { ...first, content: "<p>Deux.</p>", updated });
    const path = new URL(String(first["id"])).pathname;
    mastodon.documents.set(path, { ...first, content: "<p>Deux.</p>", updated });
    const [one, other] = others as [Place, Place];

    await post([one], update);
    await told();
    await post([other, other, home], create);
    await told();
    await post([home, one], update);
    await post([one, home], create);
    await told();
    await post([home, one, other], update);
    await post([home, one, other], create);
    await told();

    expect(await said()).to.deep.equal(onEach("Deux. (shown)"));
    expect(await counted()).to.deep.equal([1, 1, 1]);
    for (const place of others) {
      expect(await bytesAt(place, update)).to.deep.equal([update]);
      expect(await bytesAt(place, create)).to.deep.equal([create]);
    }
    // Hers; each of the two forwarded to two; and the figures told to two.
    expect(posts.fresh()).to.equal(14 + 2 * 2 + 2);
  });

  it("is gone from each, once, however its deletion and its copies cross", async () => {
    const first = note(home.proposal, "<p>Un.</p>");
    const create = attested("Create", first);
    const gone = { id: first["id"], type: "Tombstone" };
    const deleted = attested("Delete", gone);
    const [one, other] = others as [Place, Place];
    await post([home], create);
    await told();
    mastodon.documents.set(new URL(String(first["id"])).pathname, 410);
    posts.fresh();

    await post([one, home, home], deleted);
    await told();
    await post([other, one, home], create);
    await post([other], deleted);
    await told();

    expect(await said()).to.deep.equal(onEach(" (deleted)"));
    expect(await counted()).to.deep.equal([0, 0, 0]);
    expect(posts.fresh()).to.equal(7 + 2 + 2);
  });

  it("goes round no further when every proposal of the ring is answered at once", async () => {
    for (const place of ring) {
      await post([place], attested("Create", note(place.proposal, `<p>${place.town.origin}</p>`)));
    }
    await told();

    const each = towns.map(({ origin }) => `${origin} (shown)`).sort();
    expect(await said()).to.deep.equal(onEach(...each));
    expect(posts.fresh()).to.equal(3 * (1 + 2 + 2));
    await told();
    expect(posts.fresh()).to.equal(0);
  });

  it("ends with a linked instance that sends back all that it is sent", async () => {
    const echoing = await aPeer();
    const echo = await anAttester(echoing, "city");
    const { town, proposal } = home;
    await town.visitor.collection(followingCollection).insertOne({
      ...{ _id: "echo", actorUri: `${town.origin}/actor`, targetUri: echo.uri },
      ...{ host: new URL(echoing.origin).host, followUri: `${town.origin}/activities/echo` },
      ...{ state: "accepted", at: town.clock.now() },
    });
    await echoing.post(town, echo, echoing.activity(echo, "Follow", `${proposal.uri}/actor`));
    await told();
    const heard = (): string[] =>
      echoing.received.filter(({ method }) => method === "POST").map(({ body }) => body);
    const proven = attested("Create", note(proposal, "<p>Un.</p>"));
    const bare = oddly(mastodon.activity(alice, "Create", note(proposal, "<p>Deux.</p>")));
    echoing.received.length = 0;

    await post([home], proven);
    await post([home], bare);
    await told();
    for (const body of [...heard(), ...heard()].filter((one) => one === proven || one === bare)) {
      expect((await postBytes(town, echo, body)).status).to.equal(202);
    }
    await told();

    expect(await said()).to.deep.equal(onEach("Deux. (shown)", "Un. (shown)"));
    for (const once of [proven, bare]) {
      expect(heard().filter((body) => body === once)).to.have.length(1);
    }
  });
});
