import { Worker, type Job } from "bullmq";
import { createSignal } from "./signal.js";

const restMs = 1_000;

/**
 * BullMQ asks for the next job again at once when Redis refused to hand one out, since it is full or a
 * replica, thousands of times a second: this one rests a second before. Closing ends the rest.
 */
export class CalmWorker<Data, Result> extends Worker<Data, Result> {
  readonly #closed = createSignal();
  #rest: Promise<void> | null = null;

  protected override async moveToActive(token: string, name?: string): Promise<Job<Data, Result>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      if (this.closing === undefined) {
        this.#rest ??= this.#closed.wait(restMs).finally(() => (this.#rest = null));
        await this.#rest;
      }
      throw error;
    }
  }

  override close(force?: boolean): Promise<void> {
    const closed = super.close(force);
    this.#closed.ring();
    return closed;
  }
}
