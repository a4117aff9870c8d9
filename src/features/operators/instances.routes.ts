import {
  page,
  redirect,
  Refusal,
  submit,
  type Ctx,
  type Instance,
  type Reply,
  type Req,
} from "../../kit/index.js";
import type { Figures } from "./figures.js";
import { instanceAsked } from "./instance-asked.js";
import { actOnInstance, possibleActs, type InstanceWish } from "./instance-acts.js";
import { actAsked, readWish, wishForm } from "./instance.forms.js";
import { instanceModel, instancePage, type Begun } from "./instance.pages.js";
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
  return page(instancePage, await modelOf(ctx, parts, { instance: await asked(parts, req) }));
}

/** Suspend, resume, limit, delete or bring back one of them. */
export async function changeInstance(ctx: Ctx, parts: InstancesParts, req: Req): Promise<Reply> {
  const instance = await asked(parts, req);
  const { _id: id, host } = instance;
  const act = actAsked(req);
  const told = (kind: "success" | "notice", key: string): Reply =>
    redirect(instancePath(host), { kind, key: `operators.instance.told.${key}` });
  if (!possibleActs(ctx, instance).includes(act)) return told("notice", "meanwhile");
  return submit(wishForm, req, {
    accepted: async (input) => {
      const wish = readWish(act, input, host);
      const changed = await actOnInstance(ctx, parts, { id, wish });
      return changed === null ? told("notice", "meanwhile") : told("success", toldOf(wish));
    },
    refused: async (typed, status) => {
      const model = await modelOf(ctx, parts, { instance, begun: { act, typed } });
      return page(instancePage, model, status);
    },
  });
}

function toldOf(wish: InstanceWish): string {
  return wish.act === "delete" && wish.graceDays === 0 ? "delete-now" : wish.act;
}

async function modelOf(
  ctx: Ctx,
  parts: InstancesParts,
  { instance, begun }: { readonly instance: Instance; readonly begun?: Begun },
): Promise<ReturnType<typeof instanceModel>> {
  const figures = (await parts.figures.of([instance._id])).get(instance._id) ?? null;
  return instanceModel(ctx, parts, { instance, figures, begun: begun ?? null });
}

/** Throws `not-found` for a host that no instance has or had. */
async function asked({ instances }: InstancesParts, { params }: Req): Promise<Instance> {
  const named = await instanceAsked(instances, params["host"] ?? "");
  // What is remembered of a host may be two seconds old.
  const instance = await instances.byId(named._id);
  if (instance === null) throw new Refusal("not-found");
  return instance;
}
