import type { Clock, Ids } from "../../drivers/clock.js";
import type { Store } from "../../drivers/store/collection.js";
import { insertOnce, Refusal, type Ctx } from "../../kit/index.js";
import { loadMember } from "../accounts/accounts.js";
import {
  doerOf,
  journalName,
  operatorId,
  operatorsName,
  type Act,
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
  /** Write down what is about to be done. */
  note(by: Doer, act: Act, about: string): Promise<void>;
  /** What was done last, the newest first. */
  journal(limit: number): Promise<readonly JournalEntry[]>;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
}

const mostOperators = 200;
const keptMs = 10_000;
const longestAbout = 300;

/** Opens the deployment's register of operators. */
export function createRegister({ store, clock, ids }: Parts): Operators {
  const rows = store.collection<Operator>(operatorsName);
  const entries = store.collection<JournalEntry>(journalName);
  let kept: { readonly until: number; readonly ids: ReadonlySet<string> } | null = null;

  const list: Operators["list"] = () =>
    rows.find({}, { sort: { grantedAt: 1, _id: 1 }, limit: mostOperators }).toArray();

  const note: Operators["note"] = async (by, act, about) => {
    const entry = {
      _id: ids.next(),
      at: clock.now(),
      by,
      act,
      about: about.slice(0, longestAbout),
    };
    await entries.insertOne(entry);
  };

  return {
    list,
    note,
    async grant(ctx, memberId) {
      const member = await loadMember(ctx, memberId);
      if (member === null) throw new Refusal("not-found");
      const _id = operatorId(ctx, memberId);
      await note(doerOf(ctx), "operator-granted", `${member.name} (${ctx.instance.host})`);
      const row = { _id, instanceId: ctx.instance._id, memberId, grantedAt: clock.now() };
      const isNew = await insertOnce(() => rows.insertOne(row));
      kept = null;
      return isNew;
    },
    async revoke(ctx, memberId) {
      await note(doerOf(ctx), "operator-revoked", `${memberId} (${ctx.instance.host})`);
      const { deletedCount } = await rows.deleteOne({ _id: operatorId(ctx, memberId) });
      kept = null;
      return deletedCount > 0;
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
    journal: (limit) => entries.find({}, { sort: { at: -1, _id: -1 }, limit }).toArray(),
  };
}
