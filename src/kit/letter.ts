import { MailError } from "../drivers/mail.js";
import type { Ctx } from "./context.js";
import type { MessageParams } from "./i18n/index.js";
import type { Language } from "./instance.js";
import { giveBack, mailsForNews, msUntilTomorrow, takeOf } from "./limits.js";
import { GiveUp, Postpone } from "./work.js";

/** Tries of a job whose mail nobody asks for again: over more than a day, for which a mail server may be away. */
export const patientMailTries = 36;

/** A mail to one person, in words from the translation files. */
export interface Letter {
  readonly to: string;
  readonly language: Language;
  /** Texts `<key>.subject` and `<key>.body`; both get `params` and `instance`. */
  readonly key: string;
  readonly params: MessageParams;
  /** What the mail is about, the same at each try: `response/<id>/<memberId>`. */
  readonly about: string;
  readonly unsubscribeUrl: string | null;
  /** Whether somebody waits for it at this moment, or reads it when it comes. */
  readonly kind: "account" | "news";
}

/**
 * Send a letter in the reader's language, in the instance's name. Once the mails of the day are used up,
 * it waits for the next one; news waits a little earlier, so that whoever wants to sign in can.
 * @throws GiveUp when the recipient is refused for good; MailError when a later try may succeed;
 * Postpone until there are mails again.
 */
export async function sendLetter(ctx: Ctx, letter: Letter): Promise<void> {
  const { t } = ctx.inLanguage(letter.language).t;
  const params = { ...letter.params, instance: ctx.instance.name };
  const end = letter.unsubscribeUrl === null ? "letters.end" : "letters.endWithUnsubscribe";
  const closing = t(end, {
    instance: ctx.instance.name,
    address: ctx.instance.origin,
    unsubscribe: letter.unsubscribeUrl ?? "",
  });
  const most = letter.kind === "news" ? mailsForNews(ctx) : ctx.limits.mails;
  if (!(await takeOf(ctx, "mails", { most }))) {
    throw new Postpone("the mails of the day are used up", msUntilTomorrow(ctx));
  }
  try {
    await ctx.mailer.send({
      to: letter.to,
      subject: t(`${letter.key}.subject`, params),
      text: `${t(`${letter.key}.body`, params)}\n\n-- \n${closing}\n`,
      fromName: ctx.instance.name,
      host: ctx.instance.host,
      messageId: `${letter.about.replace(/[^a-zA-Z0-9.-]/g, ".")}@${ctx.instance.host}`,
      ...(letter.unsubscribeUrl === null ? {} : { unsubscribeUrl: letter.unsubscribeUrl }),
    });
  } catch (error) {
    await giveBack(ctx, "mails");
    if (error instanceof MailError && error.permanent) throw new GiveUp(error.message);
    throw error;
  }
}
