import type { CollectionInfo, IndexInfo } from "./catalog.js";
import { rangeInterval } from "./plan-bounds.js";
import type { Reader } from "./sqlite-find.js";
import { deleteRow } from "./sqlite-rows.js";
import { candidates } from "./sqlite-scan.js";
import type { WriteQueue } from "./write-queue.js";

/** Removes what has expired, now; used by the store's own timer. */
export type Sweep = () => Promise<number>;

const BATCH = 200;

/**
 * A sweep over every TTL index. It deletes 200 documents a transaction, so that other writes get in
 * between, and reads which are due inside that transaction, so that one just renewed stays.
 */
export function ttlSweep(reader: Reader, queue: WriteQueue, now: () => Date): Sweep {
  return async () => {
    let total = 0;
    reader.catalog.refresh();
    for (const info of reader.catalog.all()) {
      for (const index of info.indexes) {
        if (index.spec.expireAfterSeconds === undefined) continue;
        total += await sweepIndex(reader, queue, { info, index, now });
      }
    }
    return total;
  };
}

interface Target {
  readonly info: CollectionInfo;
  readonly index: IndexInfo;
  readonly now: () => Date;
}

async function sweepIndex(reader: Reader, queue: WriteQueue, target: Target): Promise<number> {
  let total = 0;
  for (;;) {
    const removed = await queue.write(() => removeDue(reader, target));
    total += removed;
    if (removed < BATCH) return total;
  }
}

function removeDue(reader: Reader, { info, index, now }: Target): number {
  const current = reader.catalog.get(info.name);
  const live = current?.indexes.find(({ name }) => name === index.name);
  if (!current || !live) return 0;
  const before = now().getTime() - (live.spec.expireAfterSeconds ?? 0) * 1000;
  const due = [];
  for (const row of candidates(reader.db, current, expired(live, new Date(before)), BATCH)) {
    due.push(row);
    if (due.length === BATCH) break;
  }
  for (const row of due) deleteRow(reader, current, row);
  return due.length;
}

function expired(index: IndexInfo, before: Date) {
  const high = { value: before, inclusive: true };
  const bounds = { points: null, low: null, high, answered: 1 };
  const direction = index.fields[0]?.direction ?? 1;
  const interval = rangeInterval(Buffer.alloc(0), bounds, direction, 0);
  return {
    scans: [{ index, intervals: [interval], backwards: false, start: 0, single: false }],
    sorted: true,
    exact: true,
    repeats: true,
    served: true,
    score: 0,
  };
}
