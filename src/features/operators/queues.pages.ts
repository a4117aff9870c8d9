import { shownReason } from "../../drivers/queue/failure-text.js";
import type { DeadJob, DeadKind, Queue } from "../../drivers/queue/queue.js";
import type { LinkChoice, StatusView } from "../../kit/component-models.js";
import { readableHost } from "../../hosting/host-search.js";
import { mostStoredCounted } from "../../hosting/parked-jobs.js";
import {
  definePage,
  queueNames,
  Refusal,
  type Ctx,
  type QueueName,
  type Req,
} from "../../kit/index.js";
import {
  isFresh,
  listDead,
  lookAtQueues,
  queueNamed,
  type DeadQuery,
  type QueueState,
} from "./dead-jobs.js";
import { badgeOf, frameOf, pathOf, type Level, type OperatorPage } from "./frame.js";
import { instanceAsked } from "./instance-asked.js";
import type { OperatorParts } from "./parts.js";
import { aboutDead, hostsOf } from "./shown-jobs.js";

/** A queue in figures. */
interface QueueView {
  readonly name: string;
  /** What is done in it. */
  readonly what: string;
  readonly badge: StatusView;
  readonly figures: ReadonlyArray<{ readonly label: string; readonly value: string }>;
}

/** A job that was given up, without anything about a person. */
interface DeadView {
  readonly id: string;
  readonly kind: string;
  readonly host: string | null;
  readonly about: readonly string[];
  readonly diedAt: Date;
  readonly tries: string;
  readonly reason: string;
}

/** Queues and the jobs that were given up: for operators. */
export interface QueuesPage extends OperatorPage {
  readonly queues: readonly QueueView[];
  /** Where a POST retries or drops; it says which queue, and which kind or which job. */
  readonly action: string;
  readonly queue: QueueName;
  readonly lanes: readonly LinkChoice[];
  readonly kinds: readonly LinkChoice[];
  /** The kind that is shown alone; empty for all. */
  readonly kindShown: string;
  /** The same, with how many there are, where all of them can be retried or dropped at once. */
  readonly kind: { readonly name: string; readonly count: number } | null;
  /** The instance whose jobs are shown alone. */
  readonly host: string | null;
  readonly jobs: readonly DeadView[];
  readonly next: string | null;
  readonly start: string | null;
}

export const queuesPage = definePage<QueuesPage>("operators/queues");

/** Jobs may wait as long before somebody should look. */
const lateMs = 10 * 60_000;

/** Gather the page for what its address asks. Throws `not-found` for an unknown queue or instance. */
export async function queuesModel(ctx: Ctx, parts: OperatorParts, req: Req): Promise<QueuesPage> {
  const states = await lookAtQueues(parts);
  const { query, host, kinds: kindsIn } = await lookedFor(parts, states, req);
  const { items, next } = await listDead(parts.queue, query);
  const hosts = await hostsOf(parts.instances, items);
  const kinds = kindsIn.get(query.queue) ?? [];
  const asked = { queue: query.queue, host };
  const address = (change: { kind?: string | null; after?: string }): string =>
    addressOf({ ...asked, kind: query.kind, ...change });
  const known = kinds.find(({ name }) => name === query.kind);
  return {
    ...frameOf(ctx, "queues"),
    queues: states.map((state) => queueView(ctx, state)),
    ...{ action: pathOf("queues"), queue: query.queue },
    host: host === null ? null : readableHost(host),
    lanes: queueNames.map((name) => ({
      text: ctx.t.t(`operators.queues.names.${name}`),
      url: addressOf({ queue: name, host, kind: null }),
      current: name === query.queue,
      count: countOf(kindsIn.get(name) ?? []),
    })),
    kinds: [
      { text: ctx.t.t("operators.queues.all"), url: address({ kind: null }), count: null },
      ...kinds.map(({ name, count }) => ({ text: name, url: address({ kind: name }), count })),
    ].map((choice, at) => ({
      ...choice,
      current: at === 0 ? query.kind === null : choice.text === query.kind,
    })),
    kind: known === undefined || host !== null ? null : known,
    kindShown: query.kind ?? "",
    jobs: items.map((job) => deadView(ctx, job, hosts.get(job.owner ?? "") ?? null)),
    next: next === null ? null : address({ after: next }),
    start: query.after === null && host === null ? null : addressOf({ ...asked, host: null }),
  };
}

/** What a page is asked for, and the kinds of the dead that may be looked for there: of one instance, or of all. */
interface Looked {
  readonly query: DeadQuery;
  readonly host: string | null;
  readonly kinds: ReadonlyMap<QueueName, readonly DeadKind[]>;
}

async function lookedFor(
  parts: OperatorParts,
  states: readonly QueueState[],
  { query }: Req,
): Promise<Looked> {
  const host = query["host"] ?? "";
  const instance = host === "" ? null : await instanceAsked(parts.instances, host);
  const owner = instance?._id ?? null;
  const kinds = await kindsOf(parts.queue, states, owner);
  const asked = query["queue"];
  const worst = queueNames.find((name) => (kinds.get(name) ?? []).length > 0) ?? "default";
  const queue = asked === undefined ? worst : queueNamed(asked);
  if (queue === null) throw new Refusal("not-found");
  const kind = (query["kind"] ?? "").slice(0, 200);
  const after = query["after"] ?? null;
  return {
    query: { queue, kind: kind === "" ? null : kind, owner, after },
    ...{ host: instance?.host ?? null, kinds },
  };
}

async function kindsOf(
  queue: Queue,
  states: readonly QueueState[],
  owner: string | null,
): Promise<Looked["kinds"]> {
  if (owner === null) return new Map(states.map(({ name, kinds }) => [name, kinds]));
  const own = queueNames.map(async (name) => [name, await queue.deadKinds(name, owner)] as const);
  return new Map(await Promise.all(own));
}

interface Address {
  /** Null for the one in which there are most likely any. */
  readonly queue: QueueName | null;
  readonly host: string | null;
  readonly kind?: string | null;
  readonly after?: string;
}

/** Where some of the dead are shown. */
export function addressOf({ queue, host, kind = null, after }: Address): string {
  const query = new URLSearchParams(queue === null ? {} : { queue });
  if (host !== null) query.set("host", host);
  if (kind !== null) query.set("kind", kind);
  if (after !== undefined) query.set("after", after);
  return `${pathOf("queues")}?${query.toString()}`;
}

function countOf(kinds: readonly DeadKind[]): number {
  return kinds.reduce((sum, { count }) => sum + count, 0);
}

function queueView(ctx: Ctx, state: QueueState): QueueView {
  const { name, counts, oldestDue, kinds, lastDied, stored } = state;
  const t = (key: string): string => ctx.t.t(`operators.queues.${key}`);
  const late = oldestDue !== null && ctx.clock.now().getTime() - oldestDue.getTime() > lateMs;
  const level: Level =
    counts === null ? "fail" : late || isFresh(lastDied, ctx.clock.now()) ? "warn" : "ok";
  const label = counts === null ? ctx.t.t("operators.answers.false") : undefined;
  const figure = (key: string, value: string) => ({ label: t(key), value });
  return {
    ...{ name: t(`names.${name}`), what: t(`what.${name}`) },
    badge: badgeOf(ctx, level, label),
    figures: [
      ...(counts === null
        ? []
        : (["waiting", "running", "delayed"] as const).map((state) =>
            figure(state, ctx.t.formatNumber(counts[state])),
          )),
      ...(["kept", "parked"] as const).flatMap((state) =>
        stored[state] === 0 ? [] : [figure(state, storedText(ctx, stored[state]))],
      ),
      figure("dead", ctx.t.formatNumber(countOf(kinds))),
      ...(oldestDue === null
        ? []
        : [figure("oldest", ctx.t.formatRelative(oldestDue, ctx.clock.now()))]),
    ],
  };
}

function storedText(ctx: Ctx, count: number): string {
  if (count <= mostStoredCounted) return ctx.t.formatNumber(count);
  return ctx.t.t("operators.queues.many", { count: mostStoredCounted });
}

function deadView(ctx: Ctx, job: DeadJob, host: string | null): DeadView {
  return {
    ...{ id: job.id, kind: job.name, diedAt: job.diedAt },
    host: host === null ? null : readableHost(host),
    about: aboutDead(job.data).map(({ field, id }) => {
      const thing = `operators.queues.things.${field}`;
      return `${ctx.t.has(thing) ? ctx.t.t(thing) : field} ${id}`;
    }),
    tries: ctx.t.t("operators.queues.tries", { count: job.tries }),
    reason: shownReason(job.error),
  };
}
