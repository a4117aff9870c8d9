import {
  defineFeature,
  definePage,
  get,
  head,
  page,
  type PageModel,
  networkHandle,
} from "../../kit/index.js";

/** Who runs this site, what it does with data, how accessible it is, and where its source is. */
export interface AboutPage extends PageModel {
  readonly instanceName: string;
  readonly tagline: string;
  /** What the instance's actor is followed by: `@handle@host`. */
  readonly handle: string;
}

const aboutPage = definePage<AboutPage>("about/show");

export const about = defineFeature({
  name: "about",
  routes: [
    get("/about", async (ctx) =>
      page(aboutPage, {
        head: head(ctx.t.t("about.title"), {
          description: ctx.t.t("about.what"),
          canonical: ctx.instance.url("/about"),
        }),
        instanceName: ctx.instance.name,
        tagline: ctx.instance.tagline,
        handle: networkHandle(ctx.instance, ctx.instance.handle),
      }),
    ),
  ],
});
