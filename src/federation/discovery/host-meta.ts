import type { Instance } from "../../kit/index.js";
import { escapeHtml } from "../../kit/text/sanitize.js";

function template(instance: Instance): string {
  return instance.url("/.well-known/webfinger?resource={uri}");
}

/** `host-meta` as XRD (RFC 6415). */
export function hostMetaXml(instance: Instance): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">` +
    `<Link rel="lrdd" template="${escapeHtml(template(instance))}"/></XRD>\n`
  );
}

/** `host-meta.json`. */
export function hostMetaJson(instance: Instance): object {
  return {
    links: [{ rel: "lrdd", type: "application/jrd+json", template: template(instance) }],
  };
}
