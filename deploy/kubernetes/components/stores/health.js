// Healthy means that writes are taken. The first look founds the replica set of one.
const password = encodeURIComponent(process.env.MONGO_INITDB_ROOT_PASSWORD ?? "");
const name = process.env.MONGO_INITDB_ROOT_USERNAME;
const who = name ? `${name}:${password}@` : "";
const server = connect(`mongodb://${who}127.0.0.1:27017/admin?directConnection=true`);
const host = process.env.MONGODB_HOST ?? "mongodb:27017";
try {
  server.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  server.adminCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host }] } });
}
if (!server.hello().isWritablePrimary) quit(1);
