import type { Row, Store } from "../../src/drivers/store/collection.js";
import { openSqliteStore } from "../../src/drivers/store/sqlite.js";
import {
  commentsCollection,
  editComment,
  publishComment,
} from "../../src/features/comments/comments.js";
import { aFollowedProposal, aStoredCity } from "./support/stored-city.js";

const [storePath = "", inboxes = "", step = "none"] = process.argv.slice(2);

/** Where the process dies: before or after a call of the store. */
const deaths: Readonly<Record<string, readonly [string, string, RegExp, "before" | "after"]>> = {
  "fanned-out": ["activities", "updateOne", /fannedOutAt/, "before"],
  claimed: ["activities", "findOne", /"type":"Delete"/, "after"],
  sent: ["queue_jobs", "deleteMany", /deliver\//, "before"],
};

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

function deadly(store: Store): Store {
  const death = deaths[step];
  if (death === undefined) return store;
  const [collection, method, said, when] = death;
  return {
    ...store,
    collection: <T extends Row>(name: string) => {
      const inner = store.collection<T>(name);
      if (name !== collection) return inner;
      return new Proxy(inner, {
        get(target, property) {
          const member = Reflect.get(target, property) as unknown;
          if (property !== method || typeof member !== "function") return member;
          return async (...given: unknown[]): Promise<unknown> => {
            const isIt = said.test(JSON.stringify(given));
            if (isIt && when === "before") die();
            const result = (await member.apply(target, given)) as unknown;
            if (isIt) die();
            return result;
          };
        },
      });
    },
  };
}

const city = await aStoredCity(deadly(openSqliteStore(storePath)));
const { citizen } = city;
const [last] = await citizen.collection(commentsCollection).find({}, { limit: 1 }).toArray();
const proposalId = last?.proposalId ?? (await aFollowedProposal(citizen, inboxes.split(",")))._id;
await city.start();
await city.outbox.sweep(0);
const body = `${step} 1.`;
const comment = await publishComment(citizen, { proposalId, parentId: null, body });
await editComment(citizen, comment._id, { body: `${step} 2.` });
await city.delivered();
const comments = await citizen.collection(commentsCollection).find({}, { limit: 50 }).toArray();
process.stdout.write(JSON.stringify(comments.map(({ uri, html }) => [uri, html])));
await city.close();
