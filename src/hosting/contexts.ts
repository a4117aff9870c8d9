import type { Logger } from "pino";
import type { Clock, Ids } from "../drivers/clock.js";
import type { Media } from "../drivers/media.js";
import type { Mailer } from "../drivers/mail.js";
import type { Queue } from "../drivers/queue/queue.js";
import type { Collection, Row, Store } from "../drivers/store/collection.js";
import type { Ctx, Member } from "../kit/context.js";
import type { CollectionDef } from "../kit/records.js";
import { Refusal } from "../kit/refusal.js";
import type { Traces } from "../drivers/traces.js";
import type { TranslatorFor } from "../kit/i18n/index.js";
import type { Instance, Language } from "../kit/instance.js";
import { limitsOf, type Limits } from "../kit/limits.js";
import type { Instances } from "./instances.js";
import { keptFilesOf } from "./kept-files.js";
import { jobFor, type Envelope, type Origin, type Outbox } from "./outbox.js";
import { parkedAmong } from "./parked-jobs.js";
import { scopedCollection } from "./scoped-store.js";

/** The parts every `Ctx` is made of. */
export interface ContextParts {
  readonly store: Store;
  readonly instances: Instances;
  readonly queue: Queue;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly mailer: Mailer;
  readonly media: Media;
  readonly log: Logger;
  readonly translatorFor: TranslatorFor;
  /** What an instance may use that has no limits of its own. */
  readonly limits: Limits;
  /** Null or absent where nobody collects them. */
  readonly traces?: Traces | null;
  /** Makes `Ctx.unwanted` of one request or job: federation knows, features only ask. */
  readonly unwantedBy: (ctx: Ctx) => Ctx["unwanted"];
}

/** Who and where a request or job acts. */
export interface Acting {
  readonly instance: Instance;
  readonly member: Member | null;
  readonly language: Language;
  readonly log?: Logger;
  /** The id of the request it comes of, made when it is first asked for; goes on with jobs and events. */
  readonly request?: (() => string) | undefined;
  /** Told each collection before it is used, and null before anything that is not a row. */
  readonly watch?: ((collection: string | null) => void) | undefined;
}

/** Makes the `Ctx` of a request or a job. */
export type Contexts = (acting: Acting) => Ctx;

/** Bind the parts once; each request or job then gets its own `Ctx`. */
export function createContexts(parts: ContextParts): Contexts {
  return function contextFor(acting: Acting): Ctx {
    const { instance, member, language, log, request, watch } = acting;
    const origin = (): Origin => ({
      request: request?.(),
      trace: parts.traces?.current() ?? undefined,
    });
    const envelope = (payload: unknown): Envelope => ({
      ...{ instanceId: instance._id, payload },
      ...origin(),
    });
    const instanceLog = log ?? parts.log.child({ instance: instance.host });
    const made: { unwanted?: Ctx["unwanted"] } = {};
    const ctx: Ctx = {
      instance,
      member,
      language,
      t: parts.translatorFor(language, instance.timezone, instance.kind),
      clock: parts.clock,
      ids: parts.ids,
      mailer: parts.mailer,
      log: instanceLog,
      limits: limitsOf(instance, parts.limits),
      media: keptFilesOf(parts.media, () => ctx),
      collection: collectionsOf(parts.store, instance, watch),
      enqueue: (job, payload, options) => {
        watch?.(null);
        const when = options ?? { id: `${job.name}/${parts.ids.next()}` };
        return parts.queue.add([jobFor(job, envelope(payload), when)]);
      },
      enqueueAll: (job, items) => {
        watch?.(null);
        return parts.queue.add(
          items.map(({ payload, options, request: own }) => {
            const mine = envelope(payload);
            return jobFor(job, own === undefined ? mine : { ...mine, request: own }, options);
          }),
        );
      },
      peek: async ({ queue }, ids) => {
        watch?.(null);
        // In this order: what comes back between the two is in one of them.
        const parked = await parkedAmong(parts.store, instance, { queue, ids });
        return [...(await parts.queue.peek(queue, ids)), ...parked];
      },
      commit: (event, payload, write) => {
        watch?.(null);
        return parts.outbox.commit(instance._id, event, payload, write, origin());
      },
      readInstance: async () => {
        watch?.(null);
        const now = await parts.instances.byId(instance._id);
        if (now === null) throw new Refusal("not-found");
        return now;
      },
      changeInstance: (change, expected) => {
        watch?.(null);
        return parts.instances.update(instance._id, change, expected);
      },
      unwanted: (uris) => (made.unwanted ??= parts.unwantedBy(ctx))(uris),
      inLanguage: (other) => contextFor({ ...acting, language: other, log: instanceLog }),
    };
    return ctx;
  };
}

/** The instance's collections, each opened once. */
function collectionsOf(store: Store, { _id }: Instance, watch: Acting["watch"]): Ctx["collection"] {
  const opened = new Map<CollectionDef<Row>, Collection<Row>>();
  return <T extends Row>(def: CollectionDef<T>) => {
    watch?.(def.name);
    const known = opened.get(def) as Collection<T> | undefined;
    if (known !== undefined) return known;
    const made = scopedCollection(store, _id, def);
    opened.set(def, made as unknown as Collection<Row>);
    return made;
  };
}
