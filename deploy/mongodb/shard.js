// Spreads the cities over the shards of a MongoDB cluster; may run again at any time.
//   mongosh "mongodb+srv://…/parvis" deploy/mongodb/shard.js
// Run it after the first start of Parvis, which has made the indexes, and again after an upgrade.

// Every collection of cities: each has an index that begins with instanceId and holds every row. What
// belongs to the whole deployment stays on the database's first shard.
const collections = [
  "accounts",
  "activities",
  "actorKeys",
  "administrators",
  "allowedHosts",
  "blockers",
  "censuses",
  "comments",
  "counters",
  "deletedElsewhere",
  "figures",
  "following",
  "follows",
  "formerActors",
  "inboxEntries",
  "keptFiles",
  "keyNotices",
  "keyRotations",
  "mailTokens",
  "moderationDecisions",
  "moves",
  "networkSettings",
  "notifications",
  "peerBlocks",
  "peers",
  "people",
  "proposalVersions",
  "proposals",
  "quotes",
  "reactions",
  "refusedSupports",
  "remoteActors",
  "remoteFollowers",
  "reports",
  "responses",
  "selfTests",
  "sessions",
  "standings",
  "supportBursts",
  "supports",
  "tallies",
  "throttles",
  "topics",
  "usages",
  "waitingDeliveries",
  "withdrawnResponses",
];

sh.enableSharding(db.getName());
for (const name of collections) {
  sh.shardCollection(`${db.getName()}.${name}`, { instanceId: 1 });
  print(`${name}: sharded by instanceId`);
}
