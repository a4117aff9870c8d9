import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import { publishComment } from "../../../src/features/comments/comments.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { linkedInstances } from "../../../src/federation/linking.js";
import { allow, block } from "../../../src/federation/policy/rules.js";
import { aDraft } from "../../support/builders.js";
import { hostOf } from "../support/network.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "../support/peer.js";
import { aTown, closeTowns, settleAll, type Town } from "../support/town.js";
import { ask, setMode } from "./support.js";

type Who = "unsigned" | "friend" | "blocked";
type Kind = "instance" | "actor" | "object" | "finger" | "nodeinfo";

/** What each kind of address answers, by mode and by who asks. */
const table: ReadonlyArray<
  readonly [mode: string, who: Who, answers: Readonly<Record<Kind, number>>]
> = [
  ["open", "unsigned", { instance: 200, actor: 200, object: 200, finger: 200, nodeinfo: 200 }],
  ["open", "friend", { instance: 200, actor: 200, object: 200, finger: 200, nodeinfo: 200 }],
  ["open", "blocked", { instance: 403, actor: 403, object: 403, finger: 200, nodeinfo: 200 }],
  ["signed", "unsigned", { instance: 200, actor: 200, object: 401, finger: 200, nodeinfo: 200 }],
  ["signed", "friend", { instance: 200, actor: 200, object: 200, finger: 200, nodeinfo: 200 }],
  ["signed", "blocked", { instance: 403, actor: 403, object: 403, finger: 200, nodeinfo: 200 }],
  [
    "allow-list",
    "unsigned",
    { instance: 200, actor: 200, object: 401, finger: 200, nodeinfo: 200 },
  ],
  ["allow-list", "friend", { instance: 200, actor: 403, object: 403, finger: 200, nodeinfo: 200 }],
  ["allow-list", "blocked", { instance: 403, actor: 403, object: 403, finger: 200, nodeinfo: 200 }],
  ["listed", "friend", { instance: 200, actor: 200, object: 200, finger: 200, nodeinfo: 200 }],
  ["closed", "unsigned", { instance: 403, actor: 403, object: 403, finger: 403, nodeinfo: 200 }],
  ["closed", "friend", { instance: 403, actor: 403, object: 403, finger: 403, nodeinfo: 200 }],
  ["closed", "blocked", { instance: 403, actor: 403, object: 403, finger: 403, nodeinfo: 200 }],
];

describe("who may read the documents of an instance", function () {
  this.timeout(30_000);
  let town: Town;
  let home: Peer;
  let friend: PeerActor;
  let foe: PeerActor;
  const paths: Record<Kind, string[]> = {
    instance: ["/actor/instance"],
    actor: ["/actor"],
    object: ["/actor/outbox", "/actor/followers"],
    finger: [],
    nodeinfo: ["/nodeinfo/2.1", "/.well-known/nodeinfo"],
  };

  before(async () => {
    town = await aTown();
    home = await aPeer();
    const away = await aPeer();
    friend = await home.actor("friend");
    foe = await away.actor("foe");
    const citizen = await town.newcomer();
    const person = await consentToNetwork(citizen);
    const proposal = await publishProposal(citizen, aDraft());
    const comment = await publishComment(citizen, {
      ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
    });
    const base = new URL(proposal.uri).pathname;
    paths.actor.push(`${base}/actor`, new URL(person.uri ?? "").pathname);
    paths.object.push(base, `${base}/replies`, `${base}/context`, new URL(comment.uri).pathname);
    const handle = `acct:${town.instance.handle}@${hostOf(town.origin)}`;
    paths.finger.push(`/.well-known/webfinger?resource=${handle}`);
    await town.settle();
    await block(town.federation.rules, town.visitor, {
      ...{ who: hostOf(away.origin), severity: "blocked" },
    });
  });
  after(async () => {
    await closeTowns();
    await closePeers();
  });

  async function be(mode: string): Promise<void> {
    if (mode === "listed") await allow(town.federation.rules, town.visitor, hostOf(home.origin));
    if (mode === "signed") return setMode(town, "open", true);
    await setMode(town, mode === "listed" ? "allow-list" : (mode as "open"));
  }

  for (const [mode, who, answers] of table) {
    it(`is as written: ${mode}, ${who}`, async () => {
      await be(mode);
      const actor = who === "unsigned" ? null : who === "friend" ? friend : foe;
      for (const kind of Object.keys(answers) as Kind[]) {
        for (const path of paths[kind]) {
          for (const scheme of ["cavage", "rfc9421"] as const) {
            const answer = await ask(town, path, actor, scheme);
            expect(answer.status, `${path} ${scheme}`).to.equal(answers[kind]);
          }
        }
      }
    });
  }

  it("keeps shared caches out of what is given to who signs, and only of that", async () => {
    await setMode(town, "open", true);
    for (const actor of [null, friend]) {
      const { headers } = await ask(town, paths.object[2] ?? "", actor);
      expect(headers.get("vary"))
        .to.match(/Accept/)
        .and.match(/Signature/);
      expect(headers.get("cache-control")).to.match(/^private/);
    }
    await setMode(town, "open");
    const { headers } = await ask(town, paths.object[2] ?? "");
    expect(headers.get("cache-control")).to.match(/^public/);
  });

  it("gives strangers the keys of an actor, and not its face", async () => {
    await setMode(town, "open", true);
    const bare = (await (await ask(town, "/actor")).json()) as Record<string, unknown>;
    const whole = (await (await ask(town, "/actor", friend)).json()) as Record<string, unknown>;
    expect(bare).to.have.keys([
      ...["@context", "id", "type", "preferredUsername", "inbox", "endpoints"],
      ...["publicKey", "assertionMethod"],
    ]);
    expect(whole["name"]).to.equal("Valmont");
  });

  it("refuses signatures that are false, stale, or for another address, with 401", async () => {
    await setMode(town, "open", true);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const liar = { ...friend, privateKey };
    const path = paths.object[2] ?? "";
    expect((await ask(town, path, liar)).status).to.equal(401);
    expect((await ask(town, "/actor", liar)).status).to.equal(401);
    town.clock.advance(-2 * 3_600_000);
    const stale = ask(town, path, friend);
    town.clock.advance(2 * 3_600_000);
    expect((await stale).status).to.equal(401);
  });

  it("shows people the pages whatever the mode", async () => {
    for (const mode of ["signed", "allow-list", "closed"]) {
      await be(mode);
      const answer = await fetch(town.origin + (paths.object[2] ?? ""), {
        headers: { accept: "text/html" },
      });
      expect(answer.status).to.equal(200);
      expect(await answer.text()).to.equal("<p>page</p>");
    }
  });

  it("is told in NodeInfo", async () => {
    await be("closed");
    const told = (await (await ask(town, "/nodeinfo/2.1")).json()) as {
      metadata: { federation: unknown };
    };
    expect(told.metadata.federation).to.deep.equal({
      ...{ enabled: false, mode: "closed", authorizedFetch: false },
    });
  });

  it("lets two instances that both ask for signatures link and exchange", async () => {
    const other = await aTown({ name: "Roche", clock: town.clock });
    await setMode(town, "open", true);
    await setMode(other, "open", true);
    const row = await other.federation.linkInstance(other.visitor, town.origin);
    await settleAll(town, other);
    expect(row.state).to.equal("asked");
    expect((await linkedInstances(other.visitor)).map(({ state }) => state)).to.deep.equal([
      "accepted",
    ]);
  });
});
