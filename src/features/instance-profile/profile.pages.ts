import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
  checkbox,
  defineForm,
  definePage,
  formView,
  head,
  line,
  lines,
  mediaPath,
  mostProfileFields,
  networkHandle,
  profileFieldLabels,
  profileFieldLines,
  profileFieldShape,
  profileFieldValues,
  profileOf,
  untouched,
  type Ctx,
  type FormView,
  type Instance,
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
    version: z.coerce.number().int().min(0),
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

/** A part that somebody else has set otherwise meanwhile, line by line. */
export interface SavedPart {
  readonly label: string;
  readonly lines: readonly string[];
}

/** The page of that form. */
export interface PresentationPage extends PageModel {
  readonly form: FormView;
  /** What was saved since the form was begun; null when nothing was. */
  readonly newer: { readonly parts: readonly SavedPart[] } | null;
  /** Of the profile that the form starts from. */
  readonly version: string;
  /** Addresses of the pictures that are shown now, or null. */
  readonly logo: string | null;
  readonly banner: string | null;
  /** Numbers of the lines of the profile. */
  readonly lines: readonly ProfileFieldLine[];
  readonly mostMegabytes: number;
  readonly handle: string;
}

export const presentationPage = definePage<PresentationPage>("instance-profile/edit");

/** The model of the page, with the instance as it is now; `typed` is what was refused. */
export function presentationModel(
  ctx: Ctx,
  instance: Instance,
  typed: Typed | null,
): PresentationPage {
  const profile = profileOf(instance);
  const current = presentValues(instance);
  const form = formView(presentationForm, typed ?? untouched(current), ctx.t);
  const raced = form.errors.some(({ field }) => field === "version");
  return {
    head: head(ctx.t.t("instance-profile.title"), { noIndex: true }),
    form,
    newer: raced ? { parts: differing(ctx, current, form.values) } : null,
    version: (raced ? current["version"] : form.values["version"]) ?? "",
    logo: profile.logo === null ? null : mediaPath(profile.logo),
    banner: profile.banner === null ? null : mediaPath(profile.banner),
    lines: profileFieldLines(form),
    mostMegabytes: mostPictureBytes / 1024 / 1024,
    handle: networkHandle(instance, instance.handle),
  };
}

type Values = Readonly<Record<string, string>>;

function presentValues(instance: Instance): Values {
  const { description, contact, attributionDomains, fields, version } = profileOf(instance);
  return {
    ...{ tagline: instance.tagline, description, contact, version: String(version) },
    attributionDomains: attributionDomains.join("\n"),
    ...profileFieldValues(fields),
  };
}

/** What was saved, where it reads otherwise than what was typed. */
function differing({ t }: Ctx, saved: Values, typed: Values): SavedPart[] {
  const parts: ReadonlyArray<readonly [string, (values: Values) => string]> = [
    ...(["tagline", "description", "contact"] as const).map(
      (field) => [`instance-profile.${field}`, (values: Values) => values[field] ?? ""] as const,
    ),
    ["instance-profile.fields", fieldLines],
    ["instance-profile.domains", (values) => values["attributionDomains"] ?? ""],
  ];
  return parts.flatMap(([label, text]) => {
    const lines = linesOf(text(saved));
    if (isDeepStrictEqual(lines, linesOf(text(typed)))) return [];
    return [
      { label: t.t(label), lines: lines.length > 0 ? lines : [t.t("instance-profile.newerNone")] },
    ];
  });
}

function fieldLines(values: Values): string {
  const numbers = Array.from({ length: mostProfileFields }, (_, at) => at + 1);
  return numbers
    .map((at) => [values[`fieldLabel${at}`] ?? "", values[`fieldValue${at}`] ?? ""])
    .filter(([label, value]) => label !== "" || value !== "")
    .map((pair) => pair.join(" – "))
    .join("\n");
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
