import { FetchRefused, type Fetcher } from "../../drivers/fetch.js";
import type { Ctx } from "../../kit/index.js";
import { mayTalk, type Policy } from "./policy.js";

/**
 * The way out of an instance, shut towards those it does not talk with: checked before every request,
 * at each hop of a redirect as well. Throws FetchRefused `unwanted` there, without a connection made.
 */
export function guardedFetcher(fetcher: Fetcher, ctx: Ctx, policy: Policy): Fetcher {
  async function assertWanted(url: string): Promise<void> {
    if (!mayTalk(await policy.standing(ctx, [url]))) throw new FetchRefused("unwanted", { url });
  }
  return {
    get: (url, options) =>
      fetcher.get(url, {
        ...options,
        sign: async (request) => {
          await assertWanted(request.url);
          return (await options.sign?.(request)) ?? {};
        },
      }),
    async post(url, options) {
      await assertWanted(url);
      return fetcher.post(url, options);
    },
    close: () => fetcher.close(),
  };
}
