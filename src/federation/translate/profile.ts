import { mediaTypes } from "../../drivers/media.js";
import type { Person } from "../../features/people/person.js";
import { actorIconPath, type IconKind } from "../../hosting/views/actor-icons.js";
import {
  mediaPath,
  profileOf,
  shownAddress,
  webAddressIn,
  type Instance,
  type ProfileField,
} from "../../kit/index.js";
import { renderMarkdown } from "../../kit/text/markdown.js";
import { escapeHtml } from "../../kit/text/sanitize.js";
import type { As2 } from "../vocabulary.js";
import { paragraph } from "./html.js";

/** Pictures of others end as they like. */
const types: Readonly<Record<string, string | undefined>> = mediaTypes;

function image(url: string): As2 {
  const mediaType = types[url.split(".").at(-1) ?? ""];
  return { type: "Image", ...(mediaType === undefined ? {} : { mediaType }), url };
}

/** The picture of an actor that has none of its own, in the instance's colour. */
export function drawnIcon(instance: Instance, kind: IconKind): As2 {
  return image(instance.url(actorIconPath(kind, instance.hue)));
}

/** An instance's own picture: its logo, or the drawing of its kind. */
export function instanceIcon(instance: Instance): As2 {
  const { logo } = profileOf(instance);
  return logo === null ? drawnIcon(instance, instance.kind) : image(instance.url(mediaPath(logo)));
}

/** The wide picture above an instance's profile, and above those of its topics and proposals. */
export function instanceHeader(instance: Instance): As2 {
  const { banner } = profileOf(instance);
  return banner === null ? {} : { image: image(instance.url(mediaPath(banner))) };
}

/** What an instance says of itself, as HTML. */
export function instanceSummary(instance: Instance): string {
  const { description } = profileOf(instance);
  const tagline = instance.tagline === "" ? "" : paragraph(instance.tagline);
  return tagline + (description === "" ? "" : renderMarkdown(description));
}

/** An instance's lines, and who may name it as an author: it itself at least. */
export function instanceLines(instance: Instance): As2 {
  const { fields, attributionDomains } = profileOf(instance);
  const own = new URL(instance.origin).hostname;
  return {
    ...linesOf(fields, "me noopener"),
    attributionDomains: [...new Set([own, ...attributionDomains])],
  };
}

/** A citizen's lines. Their pages here may name them as an author. */
export function personLines(instance: Instance, { fields = [] }: Person): As2 {
  return {
    ...linesOf(fields, "me nofollow noopener"),
    attributionDomains: [new URL(instance.origin).hostname],
  };
}

/** Lines as Mastodon reads them: `PropertyValue`s whose value is HTML. */
function linesOf(fields: readonly ProfileField[], rel: string): As2 {
  if (fields.length === 0) return {};
  return {
    attachment: fields.map(({ label, value }) => ({
      type: "PropertyValue",
      name: label,
      value: htmlOf(value, rel),
    })),
  };
}

function htmlOf(value: string, rel: string): string {
  const address = webAddressIn(value);
  if (address === null) return escapeHtml(value);
  const shown = escapeHtml(shownAddress(address));
  return `<a href="${escapeHtml(address)}" rel="${rel}" translate="no">${shown}</a>`;
}

/** The address of an actor's picture and its media type, for those who look it up by name. */
export function pictureOf({ icon }: As2): { readonly type: string; readonly href: string } | null {
  if (typeof icon !== "object" || icon === null) return null;
  const { mediaType, url } = icon as { mediaType?: unknown; url?: unknown };
  return typeof mediaType === "string" && typeof url === "string"
    ? { type: mediaType, href: url }
    : null;
}
