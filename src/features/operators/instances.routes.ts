import {
  page,
  redirect,
  Refusal,
  type Ctx,
  type Instance,
  type Reply,
  type Req,
} from "../../kit/index.js";
import type { Figures } from "./figures.js";
import { actOnInstance } from "./instance-acts.js";
import { readWish } from "./instance.forms.js";
import { instanceModel, instancePage } from "./instance.pages.js";
import { instancePath } from "./instance-view.js";
import { instancesModel, instancesPage } from "./instances.pages.js";
import type { Operators } from "./operators.js";
import type { OperatorParts } from "./parts.js";

/** What the pages of instances show and act with. */
export interface InstancesParts extends OperatorParts {
  readonly figures: Figures;
  readonly operators: Operators;
}

/** Show the instances of the deployment. */
export async function seeInstances(ctx: Ctx, parts: InstancesParts, req: Req): Promise<Reply> {
  return page(instancesPage, await instancesModel(ctx, parts, req));
}

/** Show one of them, and what can be done with it. */
export async function seeInstance(ctx: Ctx, parts: InstancesParts, req: Req): Promise<Reply> {
  const instance = await asked(parts, req);
  const figures = (await parts.figures.of([instance._id])).get(instance._id) ?? null;
  return page(instancePage, instanceModel(ctx, parts, { instance, figures }));
}

/** Suspend, resume, limit, delete or bring back one of them. */
export async function changeInstance(ctx: Ctx, parts: InstancesParts, req: Req): Promise<Reply> {
  const { _id: id, host } = await asked(parts, req);
  const wish = readWish(req.body, host);
  const told = (kind: "success" | "notice" | "error", key: string): Reply =>
    redirect(instancePath(host), { kind, key: `operators.instance.told.${key}` });
  if ("unclear" in wish) return told("error", wish.unclear);
  const changed = await actOnInstance(ctx, parts, { id, wish });
  return changed === null ? told("notice", "meanwhile") : told("success", wish.act);
}

/** Throws `not-found` for a host that no instance has or had. */
async function asked({ instances }: InstancesParts, { params }: Req): Promise<Instance> {
  const named = await instances.byHost((params["host"] ?? "").toLowerCase());
  // What is remembered of a host may be two seconds old.
  const instance = named === null ? null : await instances.byId(named._id);
  if (instance === null) throw new Refusal("not-found");
  return instance;
}
