import {
  definePage,
  formView,
  head,
  networkHandle,
  profileFieldLines,
  profileFieldValues,
  Refusal,
  untouched,
  type Ctx,
  type FormView,
  type PageModel,
  type ProfileFieldLine,
} from "../../kit/index.js";
import { personById } from "../people/people.js";
import { profileForm } from "./accounts.forms.js";
import { accountOf } from "./accounts.js";

/** One's own settings. */
export interface ProfilePage extends PageModel {
  readonly form: FormView;
  readonly lines: readonly ProfileFieldLine[];
  readonly mail: string;
  readonly publicUrl: string;
  /** Handle on the network, once consented. */
  readonly networkHandle: string | null;
}

export const profilePage = definePage<ProfilePage>("accounts/profile");

/** The model of one's own settings; `refused` is the form as it was sent and not accepted. */
export async function profileModel(ctx: Ctx, refused: FormView | null): Promise<ProfilePage> {
  const memberId = ctx.member?._id ?? "";
  const [account, person] = await Promise.all([
    accountOf(ctx, memberId),
    personById(ctx, memberId),
  ]);
  if (account === null || person === null) throw new Refusal("not-signed-in");
  const { name, about, fields = [], discoverable = false, indexable = false } = person;
  const { language, mailNotices } = account;
  const ticked = (value: boolean): string => (value ? "on" : "");
  const values = {
    ...{ name, about, language, mailNotices: ticked(mailNotices) },
    ...{ discoverable: ticked(discoverable), indexable: ticked(indexable) },
    ...profileFieldValues(fields),
  };
  const form = refused ?? formView(profileForm, untouched(values), ctx.t);
  return {
    head: head(ctx.t.t("accounts.profile.title"), { noIndex: true }),
    ...{ form, lines: profileFieldLines(form) },
    mail: account.mail,
    publicUrl: person.url,
    networkHandle: person.federated ? networkHandle(ctx.instance, person.handle) : null,
  };
}
