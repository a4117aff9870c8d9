import { senderDomain, type Config } from "../config.js";

/** What of the configuration operators are told. */
export interface DeploymentFacts {
  readonly version: string;
  readonly dataDir: string;
  readonly role: "all" | "web" | "worker";
  readonly store: "embedded" | "mongodb";
  readonly queue: "embedded" | "redis";
  /** Where mails go: to a mail server, or into files. */
  readonly mail: "smtp" | "files";
  /** The domain of the address that mails are from. */
  readonly senderDomain: string;
}

/** What of the configuration those who run the deployment read on their pages. */
export function factsOf(config: Config, version: string): DeploymentFacts {
  const { dataDir, role, mongodbUrl, redisUrl, smtpUrl } = config;
  return {
    ...{ version, dataDir, role, senderDomain: senderDomain(config) },
    mail: smtpUrl === null ? "files" : "smtp",
    store: mongodbUrl === null ? "embedded" : "mongodb",
    queue: redisUrl === null ? "embedded" : "redis",
  };
}
