import {
  checkbox,
  defineForm,
  definePage,
  formView,
  head,
  line,
  signInPath,
  untouched,
  ownServerPath,
  type Ctx,
  type FormView,
  type PageModel,
  type RemoteAct,
  type Typed,
} from "../../kit/index.js";
import type { Thing } from "./things.js";

/** The form in which somebody names their own server. */
export const serverForm = defineForm(
  { server: line(1, 300), remember: checkbox() },
  { labels: { server: "interact.server" } },
);

/** Where somebody names their own server. */
export interface AskPage extends PageModel {
  readonly heading: string;
  readonly lead: string;
  readonly title: string;
  readonly path: string;
  readonly on: string;
  readonly to: RemoteAct;
  readonly form: FormView;
  /** What can be copied into the search of any server. */
  readonly copy: string;
  /** The server that this browser remembers, or null. */
  readonly remembered: string | null;
  readonly signInUrl: string | null;
}

/** The last page before another site: where the way leads. */
export interface LeavePage extends PageModel {
  readonly heading: string;
  readonly host: string;
  readonly url: string;
  readonly text: string;
  readonly back: string;
  readonly otherUrl: string;
}

export const askPage = definePage<AskPage>("interact/ask");
export const leavePage = definePage<LeavePage>("interact/leave");

/** What somebody wants to do, and with what. */
export interface Asked {
  readonly thing: Thing;
  readonly act: RemoteAct;
  /** Id of the object or the actor. */
  readonly uri: string;
}

/** The page that asks for a server. */
export function askModel(
  ctx: Ctx,
  { thing, act, uri }: Asked,
  remembered: string | null,
  typed: Typed = untouched(remembered === null ? {} : { server: remembered, remember: "on" }),
): AskPage {
  const heading = ctx.t.t(`interact.headings.${act}`);
  return {
    head: head(heading, { noIndex: true }),
    ...{ heading, remembered, title: thing.title, path: thing.path, on: thing.path, to: act },
    lead: ctx.t.t(`interact.leads.${act}`),
    form: formView(serverForm, typed, ctx.t),
    copy: uri,
    signInUrl: ctx.member === null ? signInPath(thing.path) : null,
  };
}

/** The page that says where one goes on. */
export function leaveModel(ctx: Ctx, { thing, act }: Asked, way: URL): LeavePage {
  const heading = ctx.t.t("interact.leave.title", { host: way.host });
  return {
    head: head(heading, { noIndex: true }),
    ...{ heading, host: way.host, url: way.href, back: thing.path },
    text: ctx.t.t(`interact.leave.${act}`),
    otherUrl: `${ownServerPath(thing.path, act)}&other=1`,
  };
}
