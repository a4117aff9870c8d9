// Spreads the cities over the shards of a MongoDB cluster; may run again at any time.
//   mongosh "mongodb+srv://…/parvis" deploy/mongodb/shard.js
// Run it after the first start of Parvis, which has made the indexes, and again after an upgrade.

// Every collection that grows with a city and has an index that begins with instanceId and holds every
// row. The others are small or forget within days, and stay on the database's first shard.
const collections = [
  "accounts",
  "activities",
  "allowedHosts",
  "blockers",
  "comments",
  "deletedElsewhere",
  "follows",
  "following",
  "formerActors",
  "inboxEntries",
  "keyRotations",
  "mailTokens",
  "moderationDecisions",
  "moves",
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
  "supports",
  "topics",
  "waitingDeliveries",
  "withdrawnResponses",
];

sh.enableSharding(db.getName());
for (const name of collections) {
  sh.shardCollection(`${db.getName()}.${name}`, { instanceId: 1 });
  print(`${name}: sharded by instanceId`);
}
