import { consentToNetwork } from "../../../src/features/people/people.js";
import type { Ctx, Language, Member } from "../../../src/kit/index.js";
import { aPeer, type Peer } from "../support/peer.js";
import { aTown, type Town } from "../support/town.js";
import { accountOf, refusedBecause, type SeenAccount } from "./account.js";
import { hostOf, idOf, type Doc, type Load } from "./documents.js";
import { aMastodonServer, type MastodonServer, type Outcome } from "./server.js";

type Citizen = Ctx & { readonly member: Member };

/** Whom the one reader of each server follows. */
export const situations = ["city", "topic", "proposal", "citizen"] as const;
export type Situation = (typeof situations)[number];

/** What one activity comes to: what is seen of it, and on which servers it is seen how. */
export interface Told {
  readonly type: string;
  readonly by: string;
  readonly outcome: Outcome;
  /** For the reader who follows …, in a word or two; missing where it was not sent. */
  readonly reach: Readonly<Partial<Record<Situation, string>>>;
  readonly activity: Doc;
}

/** A town, and four servers where somebody follows one of its actors each. */
export interface Stage {
  readonly town: Town;
  readonly sacha: Citizen;
  readonly noa: Citizen;
  readonly sachaUri: string;
  readonly peers: ReadonlyMap<Situation, Peer>;
  /** All documents that the servers have asked for. */
  readonly read: readonly Doc[];
  /** The reader of a server begins to follow an actor; what they see of it. */
  follow(who: Situation, actorUri: string): Promise<SeenAccount>;
  /** How an actor looks that nobody follows. */
  account(uri: string): Promise<SeenAccount>;
  /** Do something, let it be told, and see what comes of it everywhere. */
  after(work: () => Promise<unknown>): Promise<Told[]>;
  /** A value as JSON without anything that differs from run to run. */
  plain(value: unknown): string;
}

const types = "application/activity+json, application/jrd+json";

/** Reads documents as a server does, and keeps them. */
function loader(read: Doc[]): Load {
  return async (address) => {
    const response = await fetch(address, { headers: { accept: types } });
    if (!response.ok) return null;
    const document = (await response.json()) as Doc;
    read.push(document);
    return document;
  };
}

interface Place {
  readonly peer: Peer;
  readonly server: MastodonServer;
  read: number;
}

/** Set it up, in a language. */
export async function aStage(language: Language): Promise<Stage> {
  const town = await aTown({ language, timing: { coalesceMs: 1_000 } });
  const read: Doc[] = [];
  const load = loader(read);
  const places = new Map<Situation, Place>();
  for (const who of situations) {
    const peer = await aPeer();
    const server = aMastodonServer(peer.origin, load, () => town.clock.now());
    places.set(who, { peer, server, read: 0 });
  }
  const [sacha, noa] = [await town.newcomer("Sacha"), await town.newcomer("Noa")];
  const [one, other] = [await consentToNetwork(sacha), await consentToNetwork(noa)];
  const plain = plainer([
    ...[...places].map(([who, { peer }]) => [peer.origin, `https://${who}.example`] as const),
    ...[...places].map(([who, { peer }]) => [hostOf(peer.origin), `${who}.example`] as const),
    [town.origin, "https://valmont.example"],
    [hostOf(town.origin), "valmont.example"],
    [one.handle, "sacha"],
    [other.handle, "noa"],
  ]);
  return {
    ...{ town, sacha, noa, read, plain, sachaUri: one.uri ?? "" },
    peers: new Map([...places].map(([who, { peer }]) => [who, peer])),
    follow: (who, uri) => follow(town, places.get(who) as Place, uri),
    account: (uri) => seenAccount(load, uri),
    async after(work) {
      await work();
      await untilTold(town);
      return arrivals(places, plain);
    },
  };
}

async function seenAccount(load: Load, uri: string): Promise<SeenAccount> {
  const actor = await load(uri);
  const refused = actor === null ? "it is not there" : await refusedBecause(actor, load);
  if (actor === null || refused !== null) throw new Error(`${uri}: ${String(refused)}`);
  return accountOf(actor, load);
}

async function follow(town: Town, { peer, server }: Place, uri: string): Promise<SeenAccount> {
  const reader = await peer.actor("reader");
  const { status } = await peer.post(town, reader, peer.activity(reader, "Follow", uri));
  if (status !== 202) throw new Error(`the Follow was answered ${status}`);
  await town.settle();
  return server.follow(reader.uri, uri);
}

/** Figures and faces are told once a while. */
async function untilTold(town: Town): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await town.settle();
    town.clock.advance(15_000);
  }
  await town.settle();
}

/** What came to the servers since last asked, each activity once. */
async function arrivals(
  places: ReadonlyMap<Situation, Place>,
  plain: Stage["plain"],
): Promise<Told[]> {
  const told = new Map<string, Told>();
  for (const [who, place] of places) {
    const all = place.peer.inboxed();
    for (const activity of inOrder(all.slice(place.read))) {
      const outcome = await place.server.take(activity);
      const id = String(activity["id"]);
      const known = told.get(id);
      const { type, actor } = activity;
      told.set(id, {
        ...{ type: String(type), by: idOf(actor) ?? "", activity },
        outcome: known === undefined || known.outcome.status === null ? outcome : known.outcome,
        reach: { ...known?.reach, [who]: inShort(outcome) },
      });
    }
    place.read = all.length;
  }
  const order = (one: Told): string => plain([one.type, one.by, one.outcome.status, one.reach]);
  return [...told.values()].sort((one, other) => order(one).localeCompare(order(other)));
}

/** As they were made: what is about different things may come in any order, which decides nothing here. */
function inOrder(activities: readonly Doc[]): Doc[] {
  return activities.toSorted((one, other) =>
    String(one["id"]).localeCompare(String(other["id"]), "en"),
  );
}

function inShort({ what, why, home, notified }: Outcome): string {
  const where = [
    ...(home.length > 0 ? ["home"] : []),
    ...(notified.length > 0 ? ["notified"] : []),
  ];
  if (why !== null) return `${what}: ${why}`;
  if (what !== "post" && what !== "boost") return what;
  return `${what}, ${where.length === 0 ? "not in the feed" : where.join(", ")}`;
}

function plainer(names: ReadonlyArray<readonly [string, string]>): Stage["plain"] {
  return (value) => {
    let text = JSON.stringify(value, null, 2);
    for (const [name, stable] of names) text = text.replaceAll(name, stable);
    return text.replace(/\b[0-9a-z]{26}\b/g, "…");
  };
}
