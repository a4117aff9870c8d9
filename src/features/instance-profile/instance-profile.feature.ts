import { extensionOf, mediaTypes } from "../../drivers/media.js";
import {
  defineFeature,
  file,
  get,
  page,
  post,
  profileFieldsOf,
  redirect,
  Refusal,
  signInPath,
  submit,
  type Req,
  type Route,
} from "../../kit/index.js";
import {
  assertMayPresent,
  forgetPicture,
  presentInstance,
  type PictureWish,
} from "./instance-profile.js";
import { domainsOf, mostPictureBytes } from "./profile.js";
import {
  presentationForm,
  presentationModel,
  presentationPage,
  profilePath,
} from "./profile.pages.js";

const routes: Route[] = [
  get(profilePath, async (ctx, req) => {
    if (ctx.member === null) return redirect(signInPath(req.url));
    assertMayPresent(ctx);
    return page(presentationPage, presentationModel(ctx, await ctx.readInstance(), null));
  }),
  {
    ...post(profilePath, async (ctx, req) => {
      assertMayPresent(ctx);
      return submit(presentationForm, req, {
        accepted: async ({ attributionDomains, removeLogo, removeBanner, ...input }) => {
          const { tagline, description, contact, version, ...inputs } = input;
          await presentInstance(ctx, {
            ...{ tagline, description, contact, version },
            fields: profileFieldsOf(inputs),
            attributionDomains: domainsOf(attributionDomains),
            logo: wishFor(req, "logo", removeLogo),
            banner: wishFor(req, "banner", removeBanner),
          });
          return redirect(profilePath, { kind: "success", key: "instance-profile.saved" });
        },
        refused: async (typed, status) =>
          page(presentationPage, presentationModel(ctx, await ctx.readInstance(), typed), status),
      });
    }),
    uploads: {
      fields: ["logo", "banner"],
      mostBytes: mostPictureBytes,
      mayUpload: assertMayPresent,
    },
  },
  get("/media/:name", async (ctx, req) => {
    const name = req.params["name"] ?? "";
    const bytes = await ctx.media.get(name);
    if (bytes === null) throw new Refusal("not-found");
    return file(mediaTypes[extensionOf(name)], bytes);
  }),
];

function wishFor(req: Req, field: string, remove: boolean): PictureWish {
  return req.files[field] ?? (remove ? "remove" : "keep");
}

/** Who the instance is: what its administrators say of it, its pictures, and where these are kept. */
export const instanceProfile = defineFeature({
  name: "instance-profile",
  routes,
  jobs: [forgetPicture],
});
