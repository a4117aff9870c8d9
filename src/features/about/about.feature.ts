import {
  defineFeature,
  definePage,
  get,
  head,
  page,
  ownServer,
  type OwnServerView,
  type PageModel,
  mediaPath,
  followHandle,
  profileFieldViews,
  profileOf,
  shownAddress,
  type Ctx,
  type ProfileFieldView,
} from "../../kit/index.js";
import { markSafe, type SafeHtml } from "../../kit/safe-html.js";
import { renderMarkdown } from "../../kit/text/markdown.js";
import { contactLink } from "../instance-profile/profile.js";

/** Who runs this site, what it does with data, how accessible it is, and where its source is. */
export interface AboutPage extends PageModel {
  readonly instanceName: string;
  readonly tagline: string;
  /** What the instance's actor is followed by, `@handle@host`; null where nobody can. */
  readonly handle: string | null;
  readonly logo: string | null;
  readonly banner: string | null;
  readonly description: SafeHtml | null;
  readonly fields: readonly ProfileFieldView[];
  readonly contact: { readonly text: string; readonly href: string } | null;
  readonly ownServer: OwnServerView | null;
}

const aboutPage = definePage<AboutPage>("about/show");

async function aboutModel(ctx: Ctx): Promise<AboutPage> {
  const { instance, t } = ctx;
  const { description, fields, contact, logo, banner } = profileOf(instance);
  return {
    head: head(t.t("about.title"), {
      description: t.t("about.what"),
      canonical: instance.url("/about"),
      alternateActivity: instance.url("/actor"),
    }),
    instanceName: instance.name,
    tagline: instance.tagline,
    handle: await followHandle(ctx, instance.handle),
    ownServer: await ownServer(ctx, "/", { acts: ["follow"] }),
    logo: logo === null ? null : mediaPath(logo),
    banner: banner === null ? null : mediaPath(banner),
    description: description === "" ? null : markSafe(renderMarkdown(description)),
    fields: profileFieldViews(fields),
    contact: contact === "" ? null : { text: shownAddress(contact), href: contactLink(contact) },
  };
}

export const about = defineFeature({
  name: "about",
  routes: [get("/about", async (ctx) => page(aboutPage, await aboutModel(ctx)))],
});
