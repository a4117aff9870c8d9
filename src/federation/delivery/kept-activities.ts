import { LRUCache } from "lru-cache";
import type { Ctx } from "../../kit/index.js";
import { createInFlight } from "../../kit/look-ups.js";
import { activitiesCollection, type Activity } from "../records.js";

/** The activities that are being sent, so that one that goes to many inboxes is not read for each. */
export interface KeptActivities {
  /** The activity of that id, as it was a moment ago at the earliest; null where there is none. */
  read(ctx: Ctx, id: string): Promise<Activity | null>;
  /** Who has just read one spares the others that. */
  keep(ctx: Ctx, activity: Activity): void;
  /** Have it read again: something of it was changed. */
  forget(ctx: Ctx, id: string): void;
}

/** What is stored of an activity hardly ever changes: a body gets a new proof, or its time runs out. */
const keptMs = 2_000;
const mostChars = 4_000_000;

/** Make room for the activities of the last moments, bounded in number and size. */
export function createKeptActivities(): KeptActivities {
  const kept = new LRUCache<string, Activity>({
    ...{ max: 200, ttl: keptMs, maxSize: mostChars },
    sizeCalculation: ({ body }) => body.length + 1_000,
  });
  const reading = createInFlight<Activity | null>();
  const keyOf = (ctx: Ctx, id: string): string => `${ctx.instance._id} ${id}`;
  return {
    async read(ctx, id) {
      const key = keyOf(ctx, id);
      const known = kept.get(key);
      if (known !== undefined) return known;
      return reading.of(
        key,
        () => ctx.collection(activitiesCollection).findOne({ _id: id }),
        (found) => void (found !== null && kept.set(key, found)),
      );
    },
    keep: (ctx, activity) => void kept.set(keyOf(ctx, activity._id), activity),
    forget(ctx, id) {
      const key = keyOf(ctx, id);
      reading.forget(key);
      kept.delete(key);
    },
  };
}
