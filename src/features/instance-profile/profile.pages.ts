import {
  checkbox,
  defineForm,
  definePage,
  formView,
  head,
  line,
  lines,
  mediaPath,
  networkHandle,
  profileFieldLabels,
  profileFieldLines,
  profileFieldShape,
  profileFieldValues,
  profileOf,
  untouched,
  type Ctx,
  type FormView,
  type PageModel,
  type ProfileFieldLine,
  type Typed,
} from "../../kit/index.js";
import { isContact, mostPictureBytes } from "./profile.js";

export const profilePath = "/admin/profile";

/** The form on which an administrator says who the instance is. */
export const presentationForm = defineForm(
  {
    tagline: line(0, 160),
    description: lines(0, 2000),
    contact: line(0, 254).refine((value) => value === "" || isContact(value), {
      message: "refusals.contact",
    }),
    attributionDomains: lines(0, 20_000),
    removeLogo: checkbox(),
    removeBanner: checkbox(),
    ...profileFieldShape,
  },
  {
    labels: {
      tagline: "instance-profile.tagline",
      description: "instance-profile.description",
      contact: "instance-profile.contact",
      attributionDomains: "instance-profile.domains",
      logo: "instance-profile.logo",
      banner: "instance-profile.banner",
      ...profileFieldLabels,
    },
  },
);

/** The page of that form. */
export interface PresentationPage extends PageModel {
  readonly form: FormView;
  /** Addresses of the pictures that are shown now, or null. */
  readonly logo: string | null;
  readonly banner: string | null;
  /** Numbers of the lines of the profile. */
  readonly lines: readonly ProfileFieldLine[];
  readonly mostMegabytes: number;
  readonly handle: string;
}

export const presentationPage = definePage<PresentationPage>("instance-profile/edit");

/** The model of the page; `typed` is what was refused. */
export function presentationModel(ctx: Ctx, typed: Typed | null): PresentationPage {
  const { instance } = ctx;
  const profile = profileOf(instance);
  const form = formView(presentationForm, typed ?? untouched(presentValues(ctx)), ctx.t);
  return {
    head: head(ctx.t.t("instance-profile.title"), { noIndex: true }),
    form,
    logo: profile.logo === null ? null : mediaPath(profile.logo),
    banner: profile.banner === null ? null : mediaPath(profile.banner),
    lines: profileFieldLines(form),
    mostMegabytes: mostPictureBytes / 1024 / 1024,
    handle: networkHandle(instance, instance.handle),
  };
}

function presentValues({ instance }: Ctx): Record<string, string> {
  const { description, contact, attributionDomains, fields } = profileOf(instance);
  return {
    ...{ tagline: instance.tagline, description, contact },
    attributionDomains: attributionDomains.join("\n"),
    ...profileFieldValues(fields),
  };
}
