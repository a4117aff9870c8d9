import type { PostAnswer } from "../../drivers/fetch.js";
import type { Ctx } from "../../kit/index.js";
import { actorUri, instanceActor } from "../addresses.js";
import { followingCollection } from "../records.js";
import { createSchemeMemory, withSignatures } from "../signatures/double-knock.js";
import { ACTIVITY_JSON, CONTEXT } from "../vocabulary.js";
import { causeOfStatus } from "./causes.js";
import { not, patience, well, type Outcome, type RunStep, type StepParts } from "./outcome.js";
import type { SelfTest } from "./self-test.js";
import { testKind, testWords } from "./words.js";

const me = ({ instance }: Ctx): string => actorUri(instance, instanceActor);

/** Our server's own actor follows theirs: nobody is told, and nothing is published by either. */
export const follow: RunStep = async (parts) => {
  const { ctx, test } = parts;
  const { followUri, host } = test;
  const pair = { actorUri: me(ctx), targetUri: test.actorUri ?? "" };
  await ctx.collection(followingCollection).updateOne(
    pair,
    {
      $set: { followUri, host, state: "asked", at: ctx.clock.now() },
      $setOnInsert: { _id: ctx.ids.next() },
    },
    { upsert: true },
  );
  return sent(await post(parts, followOf(ctx, test)));
};

function followOf(ctx: Ctx, { followUri: id, actorUri: object }: SelfTest) {
  return { id, type: "Follow", actor: me(ctx), object, to: [object] };
}

/**
 * Their answer to our Follow: an Accept, or a Reject, as Mastodon's own actor gives to everybody:
 * either proves that they read our signature and that what they send arrives here.
 */
export const answer: RunStep = async ({ ctx, test }) => {
  const { followUri, actorUri: targetUri } = test;
  const row = await ctx.collection(followingCollection).findOne({ followUri });
  if (row === null || row.targetUri !== targetUri) return not("failed", "no-answer");
  if (row.state === "accepted") return well("Accept");
  return row.state === "refused" ? well("Reject") : { state: "later" };
};

/** A message that nobody sees, or that goes to the one account that was named for it. */
export const deliver: RunStep = async (parts) => {
  const { test } = parts;
  if (test.answersTests || test.account !== null) return sent(await post(parts, createOf(parts)));
  const undone = sent(await post(parts, undoOf(parts)));
  return undone.state === "ok" ? well("Undo") : undone;
};

function createOf({ ctx, test }: StepParts) {
  const { noteUri: id, actorUri: target, account, answersTests } = test;
  const words = testWords(ctx.instance);
  const mention = { type: "Mention", href: target, name: `@${account ?? test.host}` };
  const note = {
    ...{ id, type: "Note", attributedTo: me(ctx), to: [target], content: words },
    published: test.startedAt.toISOString(),
    ...(answersTests ? { civic: { kind: testKind } } : {}),
    ...(account === null ? {} : { tag: [mention] }),
  };
  return { id: `${id}/create`, type: "Create", actor: me(ctx), to: [target], object: note };
}

function undoOf({ ctx, test }: StepParts) {
  const object = followOf(ctx, test);
  const id = `${test.noteUri}/undo`;
  return { id, type: "Undo", actor: me(ctx), to: [test.actorUri], object };
}

function deleteOf({ ctx, test }: StepParts) {
  const object = { id: test.noteUri, type: "Tombstone" };
  const id = `${test.noteUri}/delete`;
  return { id, type: "Delete", actor: me(ctx), to: [test.actorUri], object };
}

/** A server of this software replies to the message by itself; of others a person would have to. */
export const reply: RunStep = ({ test }) => {
  if (test.repliedAt !== null) return Promise.resolve(well());
  return Promise.resolve(test.answersTests ? { state: "later" } : not("unproven", "by-people"));
};

/** Nothing of the test is left: we follow nobody, and the message is gone. */
export const tidy: RunStep = async (parts) => {
  const { ctx, test } = parts;
  const { actorUri: targetUri, followUri } = test;
  if (test.account !== null && !test.answersTests && isDone(test, "deliver")) {
    const gone = sent(await post(parts, deleteOf(parts)));
    if (gone.state === "failed") return gone;
  }
  if (isDone(test, "follow")) {
    const undone = sent(await post(parts, undoOf(parts)));
    if (undone.state === "failed") return undone;
  }
  await ctx
    .collection(followingCollection)
    .deleteOne({ actorUri: me(ctx), targetUri: targetUri ?? "", followUri });
  return well();
};

function isDone({ steps }: SelfTest, wanted: "follow" | "deliver"): boolean {
  return steps.some(({ name, state }) => name === wanted && state === "ok");
}

type Sent = Exclude<Outcome, { state: "later" }>;

function sent({ status }: PostAnswer): Sent {
  const failed = { state: "failed", cause: causeOfStatus(status), detail: String(status) } as const;
  return status >= 200 && status < 300
    ? { state: "ok", cause: null, detail: String(status) }
    : failed;
}

/** One try, without the patience of deliveries: the administrator is waiting. */
async function post({ services, ctx, test }: StepParts, activity: object): Promise<PostAnswer> {
  const uri = me(ctx);
  const document = JSON.parse(JSON.stringify({ "@context": CONTEXT, ...activity })) as object;
  const body = JSON.stringify(await services.vault.attest(ctx, uri, { ...document }));
  const { fetcher } = services.reachOf(ctx.instance);
  const signed = withSignatures(fetcher, {
    signer: () => services.vault.signer(ctx, uri),
    ...{ clock: ctx.clock, memory: createSchemeMemory(5) },
  });
  const headers = { "content-type": ACTIVITY_JSON };
  return signed.post(test.inbox ?? "", { body, headers, signal: patience(services) });
}
