import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { publishComment } from "../../../src/features/comments/comments.js";
import { consentToNetwork } from "../../../src/features/people/people.js";
import { publishProposal } from "../../../src/features/proposals/publishing.js";
import type { Proposal } from "../../../src/features/proposals/proposal.js";
import { activitiesCollection, followingCollection } from "../../../src/federation/records.js";
import { aDraft } from "../../support/builders.js";
import type { Pool } from "./mutations.js";
import { aPeer, type Peer } from "./peer.js";
import { anAttester, type Attester } from "./relay.js";
import { aTown, type Town } from "./town.js";

/** A town in the middle of its life, and servers of every kind around it. */
export interface FuzzScene {
  readonly town: Town;
  readonly logLines: string[];
  readonly home: Peer;
  readonly linked: Peer;
  readonly liar: Liar;
  readonly alice: Attester;
  readonly hall: Attester;
  readonly idea: Attester;
  readonly proposal: Proposal;
  readonly commentUri: string;
  readonly pool: Pool;
  close(): Promise<void>;
}

/** A server that answers every address with what it was told, or with nonsense. */
export interface Liar {
  readonly origin: string;
  /** What the next GETs find, whatever they ask for; one after the other, round and round. */
  documents: unknown[];
  asked: number;
  close(): Promise<void>;
}

async function aLiar(): Promise<Liar> {
  const server: Server = createServer((req, res) => {
    liar.asked += 1;
    req.resume();
    const path = req.url ?? "/";
    const document = liar.documents[liar.asked % Math.max(1, liar.documents.length)];
    switch (liar.asked % 9) {
      case 0:
        return void res.writeHead(302, { location: `${path}r` }).end();
      case 1:
        return void res.writeHead(410).end();
      case 2:
        return void res.writeHead(500).end();
      case 3:
        return void res.writeHead(200, { "content-type": "text/html" }).end("<p>");
      default: {
        const own = { ...(document as object), id: `${liar.origin}${path}` };
        res.writeHead(200, { "content-type": "application/activity+json" });
        res.end(JSON.stringify(liar.asked % 2 === 0 ? own : document));
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const liar: Liar = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents: [{}],
    asked: 0,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return liar;
}

/** Set it up. */
export async function aFuzzScene(): Promise<FuzzScene> {
  const logLines: string[] = [];
  const town = await aTown({
    timing: { inboxPerMinute: 1e9, keysPerMinute: 1e9, newKeysPerDomain: 1e9, gatherMs: 1_000 },
    logLines,
    logLevel: "error",
  });
  const [home, linked, liar] = [await aPeer(), await aPeer(), await aLiar()];
  const alice = await anAttester(home, "alice");
  const hall = await anAttester(linked, "hall", "Organization");
  const idea = await anAttester(linked, "p1", "Group");
  const citizen = await town.newcomer();
  const person = await consentToNetwork(citizen);
  const proposal = await publishProposal(citizen, aDraft());
  const comment = await publishComment(citizen, {
    ...{ proposalId: proposal._id, parentId: null, body: "Oui." },
  });
  await town.visitor.collection(followingCollection).insertOne({
    ...{ _id: "f", actorUri: `${town.origin}/actor`, targetUri: hall.uri },
    ...{ host: new URL(linked.origin).host, followUri: `${town.origin}/activities/f` },
    ...{ state: "accepted", at: town.clock.now() },
  });
  await town.settle();
  const activities = await town.visitor.collection(activitiesCollection).find({}).toArray();
  const ours = [
    ...[proposal.uri, `${proposal.uri}/actor`, comment.uri, person.uri ?? "", town.origin],
    ...[`${town.origin}/actor`, `${town.origin}/actor/instance`, `${town.origin}/activities/f`],
    ...activities.map(({ uri }) => uri),
  ];
  const theirs = [home, linked].flatMap(({ origin }) => [
    ...[alice.uri, hall.uri, idea.uri, `${origin}/notes/0`, `${origin}/notes/1`, `${origin}/n/1`],
    ...Array.from({ length: 8 }, (_, at) => `${origin}/kept/${at}`),
  ]);
  const strange = [
    ...[1, 2, 3, 4].map((at) => `${liar.origin}/x/${at}`),
    ...["http://127.0.0.1:1/x", "http://169.254.169.254/x", "http://[::ffff:10.0.0.1]/x"],
  ];
  return {
    ...{ town, logLines, home, linked, liar, alice, hall, idea, proposal },
    ...{ commentUri: comment.uri, pool: { ours, theirs, strange } },
    close: () => liar.close(),
  };
}
