import {
  definePage,
  get,
  head,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  type Ctx,
  type PageModel,
  type Route,
} from "../../kit/index.js";
import type { Services } from "../services.js";
import { arrivalOf, bringHere, type Arrival } from "./arriving.js";

/** What can be done here with something of another site. */
export interface ArrivalPage extends PageModel {
  readonly heading: string;
  readonly text: string;
  /** Where it lives; null when that is no address. */
  readonly original: string | null;
  readonly host: string | null;
  /** Whether a member may bring it here. */
  readonly canBring: boolean;
  readonly signInUrl: string | null;
}

const arrivalPage = definePage<ArrivalPage>("interact/arrival");

/**
 * Where the templates of our WebFinger lead a resident who comes from another site: to what they
 * want to support, comment or follow, when it is here; else to a plain word on what is possible.
 * Reading changes nothing (FEP-3b86, section 5).
 */
export function createArrivalRoutes(services: Services): Route[] {
  return [
    get("/authorize_interaction", async (ctx, req) => {
      const { uri, to } = req.query;
      const arrival = await arrivalOf(ctx, uri);
      if (arrival.kind === "here") return redirect(placeFor(arrival.path, to));
      return page(arrivalPage, arrivalModel(ctx, req.url, uri ?? "", arrival));
    }),
    post("/authorize_interaction", async (ctx, req) => {
      if (ctx.member === null) throw new Refusal("not-signed-in");
      const uri = typeof req.body["uri"] === "string" ? req.body["uri"] : "";
      const arrival = await arrivalOf(ctx, uri);
      const path = arrival.kind === "here" ? arrival.path : await bringHere(services, ctx, uri);
      if (path !== null) return redirect(path);
      const missing: Arrival = { kind: "nothing" };
      return page(arrivalPage, arrivalModel(ctx, req.url, uri, missing), 404);
    }),
  ];
}

/** Who came to comment begins at the discussion. */
function placeFor(path: string, to: string | undefined): string {
  return to === "comment" && path.startsWith("/proposals/") ? `${path}#discussion` : path;
}

function arrivalModel(ctx: Ctx, url: string, uri: string, arrival: Arrival): ArrivalPage {
  const { kind } = arrival;
  const host = "host" in arrival ? arrival.host : null;
  const isSafe = host !== null && /^https?:\/\//i.test(uri);
  const { t } = ctx.t;
  const params = { host: host ?? "", instance: ctx.instance.name };
  const heading = t(`interact.arrival.${kind}.title`, params);
  return {
    head: head(heading, { noIndex: true }),
    ...{ heading, host, original: isSafe ? uri.trim() : null },
    text: t(`interact.arrival.${kind}.text`, params),
    canBring: kind === "linked" && ctx.member !== null,
    signInUrl: kind === "linked" && ctx.member === null ? signInPath(url) : null,
  };
}
