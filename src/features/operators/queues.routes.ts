import type { Queue } from "../../drivers/queue/queue.js";
import {
  page,
  redirect,
  Refusal,
  type Ctx,
  type Flash,
  type JobDef,
  type QueueName,
  type Reply,
  type Req,
} from "../../kit/index.js";
import { actOnOne, kindDeed, queueNamed, type DeadAct, type KindPayload } from "./dead-jobs.js";
import { doerOf } from "./operator.js";
import type { Operators } from "./operators.js";
import type { OperatorParts } from "./parts.js";
import { addressOf, queuesModel, queuesPage } from "./queues.pages.js";

/** What the page of queues acts with. */
export interface QueueActing {
  readonly queue: Queue;
  readonly operators: Operators;
  readonly kindJob: JobDef<KindPayload>;
}

/** Show the queues, and the dead that the address asks for. */
export async function seeQueues(ctx: Ctx, parts: OperatorParts, req: Req): Promise<Reply> {
  return page(queuesPage, await queuesModel(ctx, parts, req));
}

/** What somebody asks for with a button of the page. */
interface Asked {
  readonly act: DeadAct;
  readonly queue: QueueName;
  readonly kind: string | null;
  readonly id: string | null;
  /** The instance whose jobs were shown alone. */
  readonly host: string | null;
}

/** Retry or drop one dead job, or leave all of its kind to a job. */
export async function actOnDead(ctx: Ctx, acting: QueueActing, req: Req): Promise<Reply> {
  const { act, queue, kind, id, host } = askedBy(req);
  const back = addressOf({ queue, host, kind: id === null ? null : kind });
  if (id !== null) {
    const done = await actOnOne(acting, doerOf(ctx), { act, queue, id });
    return redirect(back, told(done ? `${act}.one` : "gone", done));
  }
  if (kind === null) throw new Refusal("not-found");
  const until = ctx.clock.now().getTime();
  await acting.operators.record(doerOf(ctx), kindDeed({ act, queue, kind }), (entry) =>
    ctx.enqueue(acting.kindJob, { queue, kind, act, until, entry }),
  );
  return redirect(back, told(`${act}.many`, true));
}

function askedBy({ body }: Req): Asked {
  const queue = queueNamed(body["queue"]);
  const act = body["act"];
  if (queue === null || (act !== "retry" && act !== "drop")) throw new Refusal("not-found");
  const [kind, id] = [textIn(body["kind"], 200), textIn(body["id"], 500)];
  return { act, queue, kind, id, host: textIn(body["host"], 253) };
}

function textIn(value: unknown, most: number): string | null {
  return typeof value === "string" && value !== "" && value.length <= most ? value : null;
}

function told(key: string, isDone: boolean): Flash {
  return { kind: isDone ? "success" : "notice", key: `operators.queues.told.${key}` };
}
