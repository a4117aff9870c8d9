import { expect } from "chai";
import { commentHandled, publishComment } from "../../../src/features/comments/comments.js";
import { ruleOnComment, type Ruling } from "../../../src/features/moderation/deciding.js";
import { moderation } from "../../../src/features/moderation/moderation.feature.js";
import { notificationsModel } from "../../../src/features/notifications/notifications.pages.js";
import { withdrawProposal } from "../../../src/features/proposals/publishing.js";
import { giveSupport } from "../../../src/features/supports/supports.js";
import { profileOf, type Ctx } from "../../../src/kit/index.js";
import { aProposal } from "../../support/builders.js";
import { aCity, closeCities } from "../../support/city.js";
import { aMember, mailsTo, tellingFeatures, toldTo } from "./support.js";

const ground = { why: "abuse", note: "Critiquer l’idée, oui ; insulter, non." } as const;
const reasons = ["Motif\u00a0: Insultes, haine ou harcèlement", ground.note];
const letter = reasons.join("\n\n").replace("\u00a0", " ");
const contest =
  "Vous n’êtes pas d’accord\u00a0? Écrivez à contact@valmont.example\u00a0: la décision peut être revue.";

/** A city with a proposal and a rude comment; `contact` is whom the instance names to write to. */
async function aQuarrel(contact = "contact@valmont.example") {
  const city = await aCity({ features: [...tellingFeatures, moderation] });
  const withContact = <C extends Ctx>(ctx: C): C => ({
    ...ctx,
    instance: { ...ctx.instance, profile: { ...profileOf(ctx.instance), contact } },
  });
  const author = await aMember(city, "Autrice");
  const moderator = await aMember(city, "Noa", {}, "moderator");
  const proposal = await aProposal(author);
  const said = { proposalId: proposal._id, parentId: null, body: "Incapables !" };
  const speaker = await aMember(city, "Camille");
  const comment = await publishComment(speaker, said);
  const rule = (act: Ruling["act"]) =>
    ruleOnComment(moderator, comment._id, { act, ...ground, wording: null });
  return { city, author, moderator, speaker, proposal, comment, rule, withContact };
}

describe("whoever is moderated", () => {
  afterEach(closeCities);

  it("reads why their comment was hidden and whom to write to, once, on the site and by mail", async () => {
    const { city, speaker, comment, rule, withContact } = await aQuarrel();

    await rule("hide");
    await rule("hide");
    await city.visitor.commit(commentHandled, { commentId: comment._id }, async () => undefined);
    await city.settle();

    const { rows } = await notificationsModel(withContact(speaker), null);
    expect(
      rows.map(({ text, statement }) => [text.replaceAll("\u00a0", " "), statement]),
    ).to.deep.equal([
      [
        "La modération a masqué votre commentaire sous « Des arbres devant l’école »",
        { reasons, contest },
      ],
    ]);
    const [mail, ...others] = mailsTo(city, speaker);
    expect(others).to.deep.equal([]);
    expect(mail?.subject).to.equal("Votre commentaire a été masqué");
    expect(mail?.text).to.contain("Incapables !").and.contain(letter);
  });

  it("reads no sentence about contesting where the instance names nobody to write to", async () => {
    const { city, speaker, rule, withContact } = await aQuarrel("");

    await rule("hide");
    await city.settle();

    const { rows } = await notificationsModel(withContact(speaker), null);
    expect(rows[0]?.statement).to.deep.equal({ reasons, contest: null });
  });

  it("learns that their comment is shown again", async () => {
    const { city, speaker, rule } = await aQuarrel();
    await rule("hide");
    await city.settle();

    city.clock.advance(1_000);
    await rule("show");
    await city.settle();

    expect((await toldTo(speaker)).map(({ occasion }) => occasion)).to.deep.equal([
      ...["comment-shown-again", "comment-hidden"],
    ]);
    expect(mailsTo(city, speaker)).to.have.length(2);
  });

  it("reads why their proposal was withdrawn, apart from those who took part", async () => {
    const { city, author, moderator, speaker, proposal, withContact } = await aQuarrel();
    await giveSupport(author, proposal);
    await city.settle();
    const before = mailsTo(city, author).length;

    await withdrawProposal(moderator, 1, ground);
    await city.settle();

    const { rows } = await notificationsModel(withContact(author), null);
    expect(rows.find(({ statement }) => statement !== null)?.statement).to.deep.equal({
      ...{ reasons, contest },
    });
    const occasions = (await toldTo(author)).map(({ occasion }) => occasion);
    expect(occasions).to.have.members(["proposal-taken-down", "comment-on-yours"]);
    const mails = mailsTo(city, author);
    expect(mails).to.have.length(before + 1);
    expect(mails.at(-1)?.text).to.contain(letter);
    const [told] = await toldTo(speaker);
    expect([told?.occasion, told?.mail]).to.deep.equal(["proposal-withdrawn", "none"]);
    expect(mailsTo(city, speaker)).to.deep.equal([]);
  });
});
