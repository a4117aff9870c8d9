import type { Fault } from "../proposals/fault.js";
import type { Subject } from "./decision.js";

/** Somebody finds that something published here breaks the rules: once a person and thing. */
export interface Report {
  readonly _id: string;
  readonly subject: Subject;
  /** `keyOf(subject)`; with `reporterKey` unique. */
  readonly subjectKey: string;
  /** A person of here by id, or the address of the actor that sent it. */
  readonly reporterKey: string;
  /** Who reports, when it is somebody of here. */
  readonly reporterId: string | null;
  /** The server that reports, when it is not. */
  readonly reporterHost: string | null;
  readonly why: Fault;
  /** In their own words, plain text; may be empty. */
  readonly words: string;
  readonly state: "open" | "closed";
  readonly at: Date;
  /** How it ended. */
  readonly closed: Done | null;
  /** Sent on to the server of whoever is reported. */
  readonly forwarded: Done | null;
}

/** What a moderator did about a report. */
export interface Done {
  readonly by: string;
  readonly at: Date;
  readonly note: string;
  /** Its line in the record of decisions; null when another decision closed it. */
  readonly decisionId: string | null;
}
