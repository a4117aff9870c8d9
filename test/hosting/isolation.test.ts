import { expect } from "chai";
import { commentsCollection, publishComment } from "../../src/features/comments/comments.js";
import { publishProposal } from "../../src/features/proposals/publishing.js";
import { createTopic } from "../../src/features/topics/topics.js";
import { personById } from "../../src/features/people/people.js";
import { accountOf } from "../../src/features/accounts/accounts.js";
import { features } from "../../src/features.js";
import type { Ctx } from "../../src/kit/index.js";
import { aDeployment, type Browser, type Deployment } from "../support/deployment.js";

const [a, b] = ["valmont.example", "roche.example"];
const secret = "Tilleul-Zéphyr";

describe("Two cities of one deployment", function () {
  this.timeout(60_000);
  let site: Deployment;
  let member: Browser & { memberId: string };
  let values: Readonly<Record<string, string>>;

  before(async () => {
    site = await aDeployment();
    await site.city(a, { name: "Valmont" });
    await site.city(b, { name: "Roche" });
    member = await site.signedIn(a, {
      name: `${secret} Ada`,
      mail: "ada@mail.example",
      roles: ["admin", "official", "moderator"],
    });
    values = await written(await site.ctx(a), member.memberId);
    await site.settle();
  });
  after(() => site.close());

  /** Something of everything in the first city; its ids, by the names that routes give them. */
  async function written(ctx: Ctx, memberId: string): Promise<Record<string, string>> {
    const as: Ctx = {
      ...site.app.contexts({
        ...{ instance: ctx.instance, language: "fr" },
        member: { _id: memberId, name: secret, roles: ["admin"], language: "fr" },
      }),
    };
    const topic = await createTopic(as, {
      name: `${secret} sujet`,
      slug: "zephyr",
      description: "",
    });
    const proposal = await publishProposal(as, {
      ...{ title: `${secret} devant l’école`, body: `${secret}, partout.` },
      ...{ topicId: topic._id, place: null },
    });
    const said = await publishComment(as, {
      ...{ proposalId: proposal._id, parentId: null, body: `${secret} !` },
    });
    const person = await personById(as, memberId);
    const account = await accountOf(as, memberId);
    return {
      ...{ number: String(proposal.number), ref: String(proposal.number), id: said._id },
      ...{ slug: "zephyr", handle: person?.handle ?? "x", member: memberId, token: "x", mid: "x" },
      ...{ key: account?.unsubscribeKey ?? "x" },
    };
  }

  const filled = (path: string, change: Record<string, string> = {}): string =>
    path.replace(/:(\w+)/g, (_, name: string) => ({ ...values, ...change })[name] ?? "x");

  const routes = features.flatMap((feature) => feature.routes);
  const strangers = (): Browser => {
    const browser = site.browser(b);
    for (const [name, value] of member.cookies) browser.cookies.set(name, value);
    return browser;
  };

  it("have routes to try, and the first has something to hide", async () => {
    expect(routes.length).to.be.greaterThan(40);
    expect((await member.get(filled("/proposals/:number"))).text).to.contain(secret);
  });

  for (const { method, path } of routes) {
    it(`share nothing at ${method} ${path}`, async () => {
      const before = await snapshot();
      const token = await member.token("/profile");
      for (const change of [{}, { id: values["member"] ?? "" }]) {
        for (const accept of ["text/html", "application/json", "application/activity+json"]) {
          const headers = { Accept: accept };
          const answer =
            method === "GET"
              ? await strangers().get(filled(path, change), headers)
              : await strangers().post(
                  filled(path, change),
                  { _csrf: token, body: "Je suis Ada d’une autre ville.", name: "Pirate" },
                  headers,
                );

          expect(answer.text).not.to.contain(secret);
          expect(answer.text).not.to.contain("ada@mail.example");
          expect(answer.status).to.be.lessThan(500);
          if (method === "POST" && !path.startsWith("/unsubscribe")) {
            expect(answer.status).to.equal(403);
          }
        }
      }
      expect(await snapshot()).to.deep.equal(before);
    });
  }

  async function snapshot(): Promise<unknown> {
    const ctx = await site.ctx(a);
    const comments = await ctx.collection(commentsCollection).find({}).toArray();
    const account = await accountOf(ctx, member.memberId);
    return { comments, account };
  }

  it("share no document of the network", async () => {
    const asked = ["/actor", "/actor/instance", "/proposals/:number", "/proposals/:number/actor"];
    const more = ["/people/:handle", "/comments/:id", "/topics/:slug", "/outbox", "/inbox"];
    const finger = [
      `/.well-known/webfinger?resource=acct:${values["handle"] ?? ""}@${a}`,
      `/.well-known/webfinger?resource=https://${a}/proposals/1`,
      `/.well-known/webfinger?resource=acct:p1@${b}`,
    ];
    for (const path of [...[...asked, ...more].map((one) => filled(one)), ...finger]) {
      const { text, status } = await strangers().get(path, { Accept: "application/activity+json" });
      expect(text).not.to.contain(secret);
      expect(text).not.to.contain(`${a}/`);
      expect(status).to.be.lessThan(500);
    }
  });
});
