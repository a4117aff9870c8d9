import {
  definePage,
  formView,
  head,
  type Ctx,
  type FormDef,
  type FormView,
  type PageModel,
  type Role,
  type Slice,
  type Typed,
} from "../../kit/index.js";
import { grantableRoles, minPassword, type Account } from "./account.js";

/** A page with one form of the sign-in family. */
export interface FormPage extends PageModel {
  readonly form: FormView;
  readonly back: string;
  /** Shortest password, for the hint. */
  readonly minPassword: number;
}

/** A page that says one thing, e.g. "look into your mail". */
export interface WordPage extends PageModel {
  readonly mail: string;
}

export const registerPage = definePage<FormPage>("accounts/register");
export const signInPage = definePage<SignInPage>("accounts/sign-in");
export const forgottenPage = definePage<FormPage>("accounts/forgotten");
export const resetPage = definePage<TokenPage>("accounts/reset");
export const confirmPage = definePage<TokenPage>("accounts/confirm");
export const unsubscribePage = definePage<TokenPage>("accounts/unsubscribe");
export const unsubscribedPage = definePage<PageModel>("accounts/unsubscribed");
export const checkMailPage = definePage<WordPage>("accounts/check-mail");
export const membersPage = definePage<MembersPage>("accounts/members");

/** Signing in: what was typed, and why it was not enough. */
export interface SignInPage extends PageModel {
  readonly mail: string;
  readonly back: string;
  readonly error: string | null;
}

/** A page reached by a link that holds a token. */
export interface TokenPage extends PageModel {
  readonly action: string;
  readonly form: FormView;
  readonly minPassword: number;
}

/** Members and their roles, for admins. */
export interface MembersPage extends PageModel {
  readonly members: ReadonlyArray<{
    readonly id: string;
    readonly name: string;
    readonly mail: string;
    readonly createdAt: Date;
    readonly confirmed: boolean;
    readonly roles: ReadonlyArray<{
      readonly role: string;
      readonly label: string;
      readonly held: boolean;
    }>;
  }>;
  readonly next: string | null;
  readonly query: string;
}

const noForm: FormView = { values: {}, errors: [] };

/** The model of a page with one form. */
export function formPage<T>(
  ctx: Ctx,
  name: "register" | "forgotten",
  form: FormDef<T>,
  typed: Typed,
  back = "/",
): FormPage {
  return {
    head: head(ctx.t.t(`accounts.${name}.title`), { noIndex: true }),
    form: formView(form, typed, ctx.t),
    back,
    minPassword,
  };
}

/** The model of the sign-in page; `reason` is a refusal code. */
export function signInModel(
  ctx: Ctx,
  mail: string,
  back: string,
  reason: string | null,
): SignInPage {
  return {
    head: head(ctx.t.t("accounts.sign-in.title"), { noIndex: true }),
    mail,
    back,
    error: reason === null ? null : ctx.t.t(`refusals.${reason}`),
  };
}

/** The model of a page behind a mailed link. */
export function tokenPage<T>(
  ctx: Ctx,
  name: "reset" | "confirm" | "unsubscribe",
  action: string,
  filled: { form: FormDef<T>; typed: Typed } | null = null,
): TokenPage {
  return {
    head: head(ctx.t.t(`accounts.${name}.title`), { noIndex: true }),
    action,
    form: filled === null ? noForm : formView(filled.form, filled.typed, ctx.t),
    minPassword,
  };
}

/** The model of "no more mails": a page, since RFC 8058 (section 3.1) forbids a redirect. */
export function unsubscribedModel(ctx: Ctx): PageModel {
  return { head: head(ctx.t.t("accounts.unsubscribe.title"), { noIndex: true }) };
}

/** The model of "look into your mail". */
export function wordPage(ctx: Ctx, mail: string): WordPage {
  return { head: head(ctx.t.t("accounts.check-mail.title"), { noIndex: true }), mail };
}

/** Whom the members' page names, who of them administrates, and what was looked for. */
interface MembersAsked {
  readonly names: ReadonlyMap<string, { readonly name: string }>;
  readonly admins: ReadonlySet<string>;
  readonly query: string;
}

/** The model of the members' page. */
export function membersModel(
  ctx: Ctx,
  slice: Slice<Account>,
  { names, admins, query }: MembersAsked,
): MembersPage {
  const label = (role: Role): string => ctx.t.t(`accounts.roles.${role}`);
  return {
    head: head(ctx.t.t("accounts.members.title"), { noIndex: true }),
    members: slice.items.map((account) => ({
      id: account._id,
      name: names.get(account._id)?.name ?? "",
      mail: account.mail,
      createdAt: account.createdAt,
      confirmed: account.confirmedAt !== null,
      roles: grantableRoles.map((role) => ({
        role,
        label: label(role),
        held: role === "admin" ? admins.has(account._id) : account.roles.includes(role),
      })),
    })),
    next: slice.next === null ? null : `/admin/members?after=${slice.next}`,
    query,
  };
}
