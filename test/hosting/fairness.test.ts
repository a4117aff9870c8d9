import { expect } from "chai";
import type { Mailer } from "../../src/drivers/mail.js";
import { sendReset } from "../../src/features/accounts/accounts.jobs.js";
import { createAccount } from "../../src/features/accounts/accounts.js";
import { mailNotice } from "../../src/features/notifications/mailing.js";
import { notificationsCollection } from "../../src/features/notifications/notifications.js";
import { consentToNetwork, newPerson } from "../../src/features/people/people.js";
import { actorUri, city } from "../../src/federation/addresses.js";
import { followersCollection, inboxCollection } from "../../src/federation/records.js";
import type { Ctx } from "../../src/kit/index.js";
import { aGate, until } from "../drivers/queue.conformance-support.js";
import { aPeer, closePeers, type Peer, type PeerActor } from "../federation/support/peer.js";
import { aProposal } from "../support/builders.js";
import { aDeployment, type Deployment } from "../support/deployment.js";

/** More than there are places for, of any kind. */
const many = 160;

describe("What one city waits for holds up no other city:", function () {
  this.timeout(90_000);
  let the: Deployment;
  let peer: Peer;
  let mails: ReturnType<typeof aSilentMailServer>;

  beforeEach(async () => {
    peer = await aPeer();
    mails = aSilentMailServer();
    the = await aDeployment({
      env: { FEDERATION_PRIVATE_ADDRESSES: "true" },
      mailer: mails.mailer,
    });
    for (const host of ["valmont.localhost", "montclar.localhost"]) {
      await the.city(host, { origin: `http://${host}:${the.port}` });
    }
  });
  afterEach(async () => {
    mails.answer();
    await closePeers();
    await the.close();
  });

  /** What Montclar publishes is on its way; resolves when it is there. */
  async function montclarIsHeard(): Promise<void> {
    const ctx = await someoneOf(the, "montclar.localhost");
    const target = `${peer.origin}/inbox`;
    await ctx.collection(followersCollection).insertOne({
      ...{ _id: ctx.ids.next(), actorUri: actorUri(ctx.instance, city), target },
      ...{ followerUri: `${peer.origin}/users/f`, host: new URL(target).host, linked: false },
      ...{ followUri: `${peer.origin}/users/f/follow`, at: ctx.clock.now() },
    });
    await aProposal(ctx);
    await until(() => peer.inboxed().length > 0);
  }

  /** What somebody on another server tells a city. */
  async function tell(host: string, actor: PeerActor, told: unknown): Promise<void> {
    const place = `${host}:${the.port}`;
    const { body, headers } = peer.signed(
      { origin: `http://${place}`, clock: the.clock },
      actor,
      told,
    );
    const answer = await the.browser(place).ask("POST", "/inbox", { body, headers });
    expect(answer.status).to.equal(202);
  }

  /** Somebody follows Montclar, which takes it in and accepts it. */
  async function montclarHears(): Promise<void> {
    const bea = await peer.actor("bea");
    const followed = `http://montclar.localhost:${the.port}/actor`;
    await tell("montclar.localhost", bea, peer.activity(bea, "Follow", followed));
    // What comes within a moment is handed on together, once that is over.
    the.clock.advance(1_000);
    await until(() => peer.inboxed("Accept").length > 0);
  }

  it("a stranger's server that never answers what it has Valmont ask for", async () => {
    const stranger = await aPeer();
    const mallory = await stranger.actor("mallory");
    const asked = () => stranger.received.filter(({ path }) => path.startsWith("/notes/"));
    for (let n = 0; n < many; n += 1) {
      stranger.documents.set(`/notes/${n}`, "silent");
      const note = `${stranger.origin}/notes/${n}`;
      await tell("valmont.localhost", mallory, stranger.activity(mallory, "Create", note));
    }
    the.clock.advance(1_000);
    await until(() => asked().length > 0);

    await montclarIsHeard();
    await montclarHears();

    const rows = (await the.ctx("valmont.localhost")).collection(inboxCollection);
    expect(await rows.countDocuments({ state: { $in: ["done", "refused"] } })).to.equal(0);
    expect(await rows.countDocuments({})).to.equal(many);
  });

  /** While the mail server is silent, another city is heard; once it answers, every mail has gone. */
  const mailsAloneWait = async (): Promise<void> => {
    await until(() => mails.underWay() >= 5);

    await montclarIsHeard();

    expect(mails.ended()).to.equal(0);
    mails.answer();
    await the.settle();
    expect(mails.ended()).to.equal(many);
  };

  it("a mail server that never answers, as letters about accounts go out", async () => {
    const ctx = await the.ctx("valmont.localhost");
    const { _id: memberId } = await anAccount(ctx);
    const letters = Array.from({ length: many }, () => ({ payload: { memberId } }));
    await ctx.enqueueAll(
      sendReset,
      letters.map((letter, n) => ({ ...letter, options: { id: `reset/${n}` } })),
    );
    await mailsAloneWait();
  });

  it("a mail server that never answers, as a mass of notices goes out", async () => {
    const ctx = await the.ctx("valmont.localhost");
    const { _id: memberId } = await anAccount(ctx);
    const { _id: proposalId } = await aProposal(await someoneOf(the, "valmont.localhost"));
    const notices = Array.from({ length: many }, (_, n) => ({
      ...{ _id: `n${n}`, memberId, occasion: "proposal-taken-down" as const, proposalId },
      ...{ subjectId: `r${n}`, at: ctx.clock.now(), readAt: null, mail: "due" as const },
    }));
    await ctx.collection(notificationsCollection).insertMany(notices);
    await ctx.enqueueAll(
      mailNotice,
      notices.map(({ _id }) => ({
        payload: { notificationId: _id },
        options: { id: `notice/${_id}` },
      })),
    );
    await mailsAloneWait();
  });
});

/** Takes mails, and answers none until it is told to. */
function aSilentMailServer() {
  const gate = aGate();
  let [begun, ended] = [0, 0];
  const mailer: Mailer = {
    async send() {
      begun += 1;
      await gate.opened;
      ended += 1;
      return { id: "<1@test>" };
    },
    check: async () => undefined,
    close: async () => undefined,
  };
  return { mailer, underWay: () => begun - ended, ended: () => ended, answer: gate.open };
}

/** Somebody of a city who takes part and lets other servers know. */
async function someoneOf(the: Deployment, host: string): Promise<Ctx> {
  const { instance, ids } = await the.ctx(host);
  const [_id, name] = [ids.next(), "Camille"];
  const member = { _id, name, roles: ["citizen" as const], language: "fr" as const };
  const ctx = the.app.contexts({ instance, member, language: "fr" });
  await newPerson(ctx, { _id, name });
  await consentToNetwork(ctx);
  return ctx;
}

function anAccount(ctx: Ctx) {
  return createAccount(ctx, {
    ...{ mail: "ada@mail.example", password: "une longue phrase", name: "Ada" },
    ...{ roles: ["citizen"], confirmed: true },
  });
}
