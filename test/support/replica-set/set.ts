import { MongoClient, ObjectId, type Document } from "mongodb";
import { forPrimary, helloOf, refusalOf, setName, type View } from "./hello.js";
import { aMember, type Answering, type Member } from "./member.js";
import { aWriteMemory } from "./memory.js";
import { answerTo } from "./wire.js";

/**
 * A replica set to fail with: one engine behind several members, of which a driver sees what it would
 * of MongoDB's: who is primary, elections, ends of processes, retried writes that count once.
 *
 * It stands in for faults alone. All members have one engine's data, so that nothing is ever rolled
 * back, no member is behind, and no two are primary at once.
 */
export interface ReplicaSet {
  /** The address of a database, with every member. */
  url(database: string): string;
  /** Which member is the primary; null while there is none. */
  readonly primary: number | null;
  /** Writes that came again and were answered from memory. */
  readonly repeated: number;
  /** The primary steps down; writes at work hear of it instead of how they ended. Nobody follows yet. */
  stepDown(): void;
  elect(member: number): void;
  /** The member's process ends; a primary is one no more. */
  kill(member: number): Promise<void>;
  /** The member is reached but never answers; for the others it is no primary any more. */
  mute(member: number): void;
  /** A dead or mute member comes back as a secondary. */
  start(member: number): Promise<void>;
  /** The next write is carried out, and its connection closes before it is answered. */
  loseAnswer(): void;
  close(): Promise<void>;
}

interface State {
  primary: number | null;
  term: number;
  version: number;
  losesAnswer: boolean;
  readonly processIds: ObjectId[];
  readonly waiting: Set<() => void>;
}

/** Opens a set in front of the engine at `url`, with its first member as primary. */
export async function aReplicaSet(url: string, size = 3): Promise<ReplicaSet> {
  const engine = new URL(url);
  const limits = await helloFrom(url);
  const memory = aWriteMemory();
  const state: State = {
    ...{ primary: 0, term: 1, version: 1, losesAnswer: false, waiting: new Set() },
    processIds: Array.from({ length: size }, () => new ObjectId()),
  };
  const members: Member[] = [];
  const viewOf = (me: number): View => ({
    ...{ engine: limits, hosts: members.map(({ address }) => address), term: state.term },
    me: members[me]?.address ?? "",
    primary: state.primary === null ? null : (members[state.primary]?.address ?? null),
    ...{ processId: state.processIds[me] as ObjectId, version: state.version },
  });
  const become = (primary: number | null): void => {
    if (primary !== null) state.term += 1;
    state.primary = primary;
    state.version += 1;
    for (const wake of state.waiting) wake();
  };
  for (let n = 0; n < size; n += 1) {
    members.push(await aMember(answering({ n, engine, state, memory, viewOf })));
  }
  const member = (n: number): Member => members[n] as Member;
  const deposed = (n: number): void => void (state.primary === n && become(null));
  return {
    url: (database) => {
      const hosts = members.map(({ address }) => address).join(",");
      return `mongodb://${hosts}/${database}?replicaSet=${setName}`;
    },
    get primary() {
      return state.primary;
    },
    get repeated() {
      return memory.repeated;
    },
    stepDown: () => become(null),
    elect: become,
    async kill(n) {
      deposed(n);
      await member(n).kill();
    },
    mute(n) {
      deposed(n);
      member(n).mute();
    },
    async start(n) {
      state.processIds[n] = new ObjectId();
      await member(n).start();
    },
    loseAnswer: () => void (state.losesAnswer = true),
    async close() {
      await Promise.all(members.map((one) => one.kill()));
    },
  };
}

/** What the engine says of itself, without what holds for a connection or a standalone alone. */
async function helloFrom(url: string): Promise<Document> {
  const client = await MongoClient.connect(url);
  try {
    const {
      connectionId: _mine,
      topologyVersion: _its,
      ...says
    } = await client.db("admin").command({ hello: 1 });
    return says;
  } finally {
    await client.close();
  }
}

interface Surroundings {
  readonly n: number;
  readonly engine: URL;
  readonly state: State;
  readonly memory: ReturnType<typeof aWriteMemory>;
  viewOf(this: void, n: number): View;
}

function answering({ n, engine, state, memory, viewOf }: Surroundings): Answering {
  return {
    engine,
    async hello(command, say, isOver) {
      const asked = command.body as { topologyVersion?: Document; maxAwaitTimeMS?: number };
      if (asked.topologyVersion === undefined) return say(answerTo(command, helloOf(viewOf(n))));
      let known = asked.topologyVersion;
      do {
        const view = viewOf(n);
        if (
          view.processId.equals(known["processId"]) &&
          Number(known["counter"]) === view.version
        ) {
          await changeOf(state, asked.maxAwaitTimeMS ?? 0, isOver);
        }
        const hello = helloOf(viewOf(n));
        known = hello["topologyVersion"] as Document;
        say(answerTo(command, hello, command.takesMany));
      } while (command.takesMany && !isOver.aborted);
    },
    async answer(command, ask) {
      const what = forPrimary(command.name, command.body);
      if (what !== null && state.primary !== n) {
        return answerTo(command, refusalOf(what, command.body, viewOf(n)));
      }
      if (what !== "write") return ask(command.bytes);
      const { term } = state;
      const answer = await memory.once(command, ask);
      if (state.losesAnswer) {
        state.losesAnswer = false;
        return null;
      }
      const isPrimary = state.primary === n && state.term === term;
      return isPrimary
        ? answer
        : answerTo(command, refusalOf("interrupted", command.body, viewOf(n)));
    },
  };
}

/** Waits for a change of the set, as long as it may take and somebody listens. */
function changeOf({ waiting }: State, ms: number, isOver: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      waiting.delete(wake);
      isOver.removeEventListener("abort", wake);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(wake, isOver.aborted ? 0 : ms);
    waiting.add(wake);
    isOver.addEventListener("abort", wake);
  });
}
