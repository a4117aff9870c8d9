import {
  definePage,
  get,
  head,
  localPath,
  page,
  post,
  redirect,
  Refusal,
  signInPath,
  type PageModel,
  type Route,
  networkHandle,
} from "../../kit/index.js";
import { consentToNetwork, leaveNetwork, personById } from "../people/people.js";

/** Whether a member takes part on linked sites under their public name. */
export interface NetworkPage extends PageModel {
  readonly consented: boolean;
  /** They left before, and would come back under a new handle. */
  readonly isBack: boolean;
  readonly name: string;
  readonly handle: string;
  /** Where to go on after deciding. */
  readonly back: string;
}

const networkPage = definePage<NetworkPage>("accounts/network");

/** The page on which a member agrees to be a person of the network, or takes that back. */
export const networkRoutes: readonly Route[] = [
  get("/profile/network", async (ctx, req) => {
    if (ctx.member === null) return redirect(signInPath(req.url));
    const person = await personById(ctx, ctx.member._id);
    if (person === null) throw new Refusal("not-signed-in");
    const back = req.query["back"] === undefined ? "/profile" : localPath(req.query["back"]);
    return page(networkPage, {
      head: head(ctx.t.t("accounts.network.title"), { noIndex: true }),
      consented: person.federated,
      isBack: person.uri !== null && !person.federated,
      name: person.name,
      handle: networkHandle(ctx.instance, person.handle),
      back,
    });
  }),
  post("/profile/network", async (ctx, req) => {
    const agrees = req.body["agrees"] === "yes";
    await (agrees ? consentToNetwork(ctx) : leaveNetwork(ctx));
    const key = agrees ? "accounts.network.joined" : "accounts.network.left";
    return redirect(localPath(req.body["back"]), { kind: "success", key });
  }),
];
