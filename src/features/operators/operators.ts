import type { Clock, Ids } from "../../drivers/clock.js";
import type { Store } from "../../drivers/store/collection.js";
import { insertOnce, Refusal, type Ctx } from "../../kit/index.js";
import { loadMember } from "../accounts/accounts.js";
import { personById } from "../people/people.js";
import {
  doerOf,
  journalName,
  operatorId,
  operatorsName,
  type Deed,
  type Doer,
  type JournalEntry,
  type Operator,
} from "./operator.js";

/** Who runs the deployment, and what they did. */
export interface Operators {
  /**
   * Name a member of an instance; false when they are one already. Throws `not-found` when nobody with
   * that id may sign in there.
   */
  grant(ctx: Ctx, memberId: string): Promise<boolean>;
  /** Take it back; false when they were none. */
  revoke(ctx: Ctx, memberId: string): Promise<boolean>;
  /** All of them, the first named first; at most 200. */
  list(): Promise<readonly Operator[]>;
  /** Throws `not-found` to everybody but an operator, as the store says now. */
  assertOperator(ctx: Ctx): Promise<void>;
  /** Whether the signed-in member was one a few seconds ago: good enough for a menu. */
  mayBe(ctx: Ctx): Promise<boolean>;
  /**
   * Write down what is about to be done, then do it. When it turns out to change nothing (false, null, zero,
   * or a refusal) the line says so; a crash leaves a line too much rather than one too few. Work that leaves
   * it to a job hands it the line's id.
   */
  record<R>(by: Doer, deed: Deed, work: (entry: string) => Promise<R>): Promise<R>;
  /** A job is about to change something of what a line says. */
  begin(entry: string): Promise<void>;
  /** A job is at its end and changed nothing: the line says so, unless an earlier run of it had begun. */
  endInVain(entry: string): Promise<void>;
  /** What was done, the newest first. */
  journal(asked: JournalAsked): Promise<readonly JournalEntry[]>;
}

/** Which lines of the journal are wanted. */
export interface JournalAsked {
  readonly limit: number;
  /** Those before an entry, or the last. */
  readonly before?: string | null;
  /** Those about one instance, or all. */
  readonly host?: string | null;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
}

const mostOperators = 200;
const keptMs = 10_000;
/** Characters of a word that is kept of what was asked for. */
const longestWord = 300;

/** Opens the deployment's register of operators. */
export function createRegister({ store, clock, ids }: Parts): Operators {
  const rows = store.collection<Operator>(operatorsName);
  const entries = store.collection<JournalEntry>(journalName);
  let kept: { readonly until: number; readonly ids: ReadonlySet<string> } | null = null;

  const list: Operators["list"] = () =>
    rows.find({}, { sort: { grantedAt: 1, _id: 1 }, limit: mostOperators }).toArray();

  const vain = (_id: string) => entries.updateOne({ _id }, { $set: { isVain: true } });

  const record: Operators["record"] = async (by, deed, work) => {
    const _id = ids.next();
    await entries.insertOne({ _id, at: clock.now(), by, deed: bounded(deed) });
    try {
      const done = await work(_id);
      if (done === false || done === null || done === 0) await vain(_id);
      return done;
    } catch (error) {
      if (error instanceof Refusal) await vain(_id);
      throw error;
    }
  };

  return {
    list,
    record,
    async begin(_id) {
      await entries.updateOne({ _id }, { $set: { hasBegun: true } });
    },
    async endInVain(_id) {
      await entries.updateOne({ _id, hasBegun: { $exists: false } }, { $set: { isVain: true } });
    },
    async grant(ctx, memberId) {
      const member = await loadMember(ctx, memberId);
      if (member === null) throw new Refusal("not-found");
      const _id = operatorId(ctx, memberId);
      const { _id: instanceId, host } = ctx.instance;
      const deed = { act: "operator-granted", name: member.name, host } as const;
      const row = { _id, instanceId, memberId, grantedAt: clock.now() };
      const isNew = await record(doerOf(ctx), deed, () => insertOnce(() => rows.insertOne(row)));
      kept = null;
      return isNew;
    },
    async revoke(ctx, memberId) {
      const name = (await personById(ctx, memberId))?.name ?? memberId;
      const deed = { act: "operator-revoked", name, host: ctx.instance.host } as const;
      const wasOne = await record(doerOf(ctx), deed, async () => {
        const { deletedCount } = await rows.deleteOne({ _id: operatorId(ctx, memberId) });
        return deletedCount > 0;
      });
      kept = null;
      return wasOne;
    },
    async assertOperator(ctx) {
      const { member } = ctx;
      const found =
        member === null ? null : await rows.findOne({ _id: operatorId(ctx, member._id) });
      if (found === null) throw new Refusal("not-found");
    },
    async mayBe(ctx) {
      if (ctx.member === null) return false;
      const now = clock.now().getTime();
      if (kept === null || kept.until <= now) {
        const all = (await list()).map(({ _id }) => _id);
        kept = { until: now + keptMs, ids: new Set(all) };
      }
      return kept.ids.has(operatorId(ctx, ctx.member._id));
    },
    async journal({ limit, before = null, host = null }) {
      const about = host === null ? {} : { "deed.host": host };
      const wanted = before === null ? about : { ...about, _id: { $lt: before } };
      return entries.find(wanted, { sort: { _id: -1 }, limit }).toArray();
    },
  };
}

/** What was typed on a command line may be as long as it likes. */
function bounded(deed: Deed): Deed {
  const short = (value: unknown): unknown =>
    typeof value === "string" ? value.slice(0, longestWord) : value;
  return Object.fromEntries(
    Object.entries(deed).map(([key, value]) => [key, short(value)]),
  ) as unknown as Deed;
}
