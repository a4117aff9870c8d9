import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createApp, driversFor, type App } from "../../src/app.js";
import { loadConfig } from "../../src/config.js";
import { publishComment } from "../../src/features/comments/comments.js";
import type { Notification } from "../../src/features/notifications/notification.js";
import { notificationsCollection } from "../../src/features/notifications/notifications.js";
import { publishResponse } from "../../src/features/responses/answering.js";
import type { Collection, Ctx, Member } from "../../src/kit/index.js";
import { freePort } from "../bench/process.js";
import { closePeers } from "../federation/support/peer.js";
import { embeddedOnly } from "../support/engine.js";
import type { Verdict } from "./compared.js";
import { aGround, type Ground } from "./ground.js";
import { nothingAccepted, type Accepted } from "./load.js";
import { isQuiet, isWell, tooFew, tooOften } from "./report.js";
import { judge } from "./verdict.js";

describe("The count of what came of a run of faults", function () {
  this.timeout(60_000);
  embeddedOnly("what is counted is the same on servers");
  let dataDir: string;
  let app: App;
  let ground: Ground;
  let accepted: Accepted;
  let undo: Array<() => unknown>;

  const mailFolder = (): string => join(dataDir, "mail");
  const ctxOf = (member: Member | null): Ctx =>
    app.contexts({ instance: ground.instance, member, language: "fr" });
  const asMember = (at: number): Ctx => {
    const { id: _id, isOfficial } = ground.members[at]!;
    const roles = isOfficial ? (["citizen", "official"] as const) : (["citizen"] as const);
    return ctxOf({ _id, name: `Membre ${at}`, roles: [...roles], language: "fr" });
  };
  const notices = (): Collection<Notification> => ctxOf(null).collection(notificationsCollection);
  const answerTold = async (): Promise<Notification> =>
    (await notices().findOne({ occasion: "response-published" }))!;
  const judged = (): Promise<Verdict[]> =>
    judge(ctxOf(null), { ground, accepted, mailFolder: mailFolder() });
  const verdictOn = async (what: string): Promise<Verdict | undefined> =>
    (await judged()).find((verdict) => verdict.what === what);

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "parvis-verdict-"));
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const env = { DATA_DIR: dataDir, PUBLIC_URL: origin, LOG_LEVEL: "silent" };
    const config = loadConfig({ ...env, FEDERATION_PRIVATE_ADDRESSES: "true" });
    app = await createApp(config, await driversFor(config));
    ground = await aGround(app, origin, 8);
    await app.start();
    const [body, answer] = ["Oui, et des bancs.", "Nous plantons en mars."];
    const [{ _id: discussed }, asked] = [ground.proposals[0]!, ground.unanswered.at(-1)!];
    await publishComment(asMember(1), { proposalId: discussed, parentId: null, body });
    await publishResponse(asMember(0), {
      ...{
        proposalId: asked._id,
        office: "Espaces verts",
        decision: "accepted",
        body: answer,
        milestones: [],
      },
    });
    accepted = { ...nothingAccepted(), comments: [body], answers: [answer] };
    // A server that gets much at once is sent the rest a little later.
    while (
      ((await verdictOn("deliveries"))?.lost ?? 0) > 0 ||
      !(await isQuiet(app.drivers.queue))
    ) {
      await app.drivers.queue.idle();
    }
  });
  beforeEach(() => void (undo = []));
  afterEach(async () => {
    for (const step of undo) await step();
  });
  after(async () => {
    await app?.close();
    await closePeers();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** What a peer received is as given until the test ends. */
  const received = (change: (all: Ground["peers"][number]["received"]) => void): void => {
    const { received: all } = ground.peers[0]!;
    const before = [...all];
    undo.push(() => all.splice(0, all.length, ...before));
    change(all);
  };
  const mails = (): string[] => readdirSync(mailFolder()).map((name) => join(mailFolder(), name));
  const mailed = (name: string, content: string): void => {
    const file = join(mailFolder(), name);
    writeFileSync(file, content);
    undo.push(() => rmSync(file));
  };

  it("finds nothing amiss where nothing is", async () => {
    const verdicts = await judged();

    expect(verdicts.filter(({ lost, doubled }) => lost + doubled > 0)).to.deep.equal([]);
    expect(verdicts.filter(({ again = 0 }) => again > 0)).to.deep.equal([]);
    expect(isWell(verdicts)).to.equal(true);
    const counted = new Map(verdicts.map((one) => [one.what, one.accepted]));
    expect(counted.get("notices to members")).to.equal(2);
    expect(counted.get("mails")).to.equal(2);
    expect(counted.get("deliveries")).to.be.greaterThan(30);
  });

  it("misses a notice that a member was not given", async () => {
    const told = await answerTold();
    await notices().deleteOne({ _id: told._id });
    undo.push(() => notices().insertOne(told));

    expect(await verdictOn("notices to members")).to.include({ lost: 1, doubled: 0 });
  });

  it("finds a notice of what never happened", async () => {
    const stray = { ...(await answerTold()), _id: "stray", subjectId: "nothing" };
    await notices().insertOne(stray);
    undo.push(() => notices().deleteOne({ _id: stray._id }));

    expect(await verdictOn("notices to members")).to.include({ lost: 0, doubled: 1 });
  });

  it("misses a mail that did not go out, and one that was never due", async () => {
    const [mail = ""] = mails();
    renameSync(mail, `${mail}.gone`);
    undo.push(() => renameSync(`${mail}.gone`, mail));
    expect(await verdictOn("mails")).to.include({ lost: 1, doubled: 0 });

    const { _id, mail: was } = await answerTold();
    await notices().updateOne({ _id }, { $set: { mail: "none" } });
    undo.push(() => notices().updateOne({ _id }, { $set: { mail: was } }));
    expect((await verdictOn("mails"))?.such?.join(" ")).to.contain("response-published");
  });

  it("finds a second mail about one thing, and tells it from the same mail once more", async () => {
    const text = readFileSync(mails()[0]!, "utf8");
    mailed("same.eml", text);
    expect(await verdictOn("mails")).to.include({ lost: 0, doubled: 0, again: 1 });

    mailed("second.eml", text.replace(/<notice\.[^@]+@/, "<notice.another@"));
    expect(await verdictOn("mails")).to.include({ lost: 0, doubled: 1, again: 1 });
  });

  it("misses a delivery", async () => {
    received((all) =>
      all.splice(
        all.findIndex(({ body }) => body.includes('"Create"')),
        1,
      ),
    );

    expect(await verdictOn("deliveries")).to.include({ lost: 1, doubled: 0 });
  });

  it("finds what a server was told by two activities, and tells it from one that came again", async () => {
    const told = ground.peers[0]!.received.find(({ body }) => body.includes('"Create"'))!;
    received((all) => all.push(told));
    expect(await verdictOn("deliveries")).to.include({ lost: 0, doubled: 0, again: 1 });

    const activity = JSON.parse(told.body) as Record<string, unknown>;
    const body = JSON.stringify({ ...activity, id: "another" });
    received((all) => all.push({ ...told, body }));
    expect(await verdictOn("deliveries")).to.include({ lost: 0, doubled: 1, again: 1 });
  });

  it("does not hold with all that is sent being sent twice", async () => {
    received((all) => all.push(...all, ...all));

    expect(tooOften(await judged()).map(({ what }) => what)).to.deep.equal(["deliveries"]);
  });

  it("does not hold of a run in which hardly anything was accepted", async () => {
    const verdicts = await judged();

    const few = tooFew(verdicts, 300).map(({ what }) => what);
    expect(few).to.include.members(["proposals", "notes that came", "answers", "mails"]);
    expect(few).not.to.include.members(["deliveries"]);
    const enough = verdicts.map((verdict) => ({ ...verdict, accepted: 5 }));
    expect(tooFew(enough, 300)).to.deep.equal([]);
  });
});
