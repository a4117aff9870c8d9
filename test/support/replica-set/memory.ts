import { readAnswer, withoutField, type Command } from "./wire.js";

/** What members remember of writes that may be sent again, as they replicate it to each other. */
export interface WriteMemory {
  /**
   * Carries a write out, or answers what it was answered before.
   * @throws when it cannot be known whether it was carried out
   */
  once(command: Command, carryOut: (bytes: Buffer) => Promise<Buffer>): Promise<Buffer>;
  /** How many writes were answered from memory. */
  readonly repeated: number;
}

interface Remembered {
  readonly txnNumber: number;
  readonly answer: Promise<Buffer>;
}

/**
 * One write for each session, by its number, like MongoDB's `config.transactions`. What failed as a whole is
 * not remembered, and is carried out when it comes again. The engine itself knows no such numbers: it
 * gets the command without.
 */
export function aWriteMemory(): WriteMemory {
  const sessions = new Map<string, Remembered>();
  let repeated = 0;
  return {
    async once(command, carryOut) {
      const { lsid, txnNumber } = command.body as { lsid?: { id: Buffer }; txnNumber?: unknown };
      if (lsid === undefined || txnNumber === undefined) return carryOut(command.bytes);
      const [session, number] = [Buffer.from(lsid.id).toString("hex"), Number(txnNumber)];
      const known = sessions.get(session);
      if (known?.txnNumber === number) {
        repeated += 1;
        return known.answer;
      }
      if (known !== undefined && known.txnNumber > number) throw new Error("an old number");
      const answer = carryOut(withoutField(command, "txnNumber"));
      sessions.set(session, { txnNumber: number, answer });
      if (readAnswer(await answer)["ok"] !== 1) sessions.delete(session);
      return answer;
    },
    get repeated() {
      return repeated;
    },
  };
}
