import {
  assertAdmin,
  definePage,
  get,
  head,
  page,
  post,
  redirect,
  signInPath,
  type Ctx,
  type PageModel,
  type Route,
} from "../../kit/index.js";
import { actorUri, city } from "../addresses.js";
import { keysCollection } from "../records.js";
import { rotationsCollection } from "../rotation-record.js";
import type { Rotations } from "../rotation.js";
import type { Services } from "../services.js";

const keysPath = "/admin/keys";

/** On which an administrator has the keys of the instance's own actors exchanged. */
export interface KeysPage extends PageModel {
  /** When the keys that are used now were made. */
  readonly madeAt: Date;
  readonly underWaySince: Date | null;
}

const keysPage = definePage<KeysPage>("network/keys");

/** The page of the instance's signing keys. */
export function createKeyRoutes({
  services,
  rotations,
}: {
  readonly services: Services;
  readonly rotations: Pick<Rotations, "ask">;
}): Route[] {
  return [
    get(keysPath, async (ctx, req) => {
      if (ctx.member === null) return redirect(signInPath(req.url));
      assertAdmin(ctx);
      return page(keysPage, await keysModel(services, ctx));
    }),
    post(keysPath, async (ctx) => {
      assertAdmin(ctx);
      await rotations.ask(ctx, null);
      return redirect(keysPath, { kind: "success", key: "network.keys.begun" });
    }),
  ];
}

async function keysModel({ vault }: Services, ctx: Ctx): Promise<KeysPage> {
  const uri = actorUri(ctx.instance, city);
  await vault.publicKeys(ctx, uri);
  const [row, rotation] = await Promise.all([
    ctx.collection(keysCollection).findOne({ _id: uri }, { projection: { createdAt: 1 } }),
    ctx.collection(rotationsCollection).findOne({ _id: uri }),
  ]);
  return {
    head: head(ctx.t.t("network.keys.title"), { noIndex: true }),
    madeAt: row?.createdAt ?? ctx.clock.now(),
    underWaySince: rotation?.startedAt ?? null,
  };
}
