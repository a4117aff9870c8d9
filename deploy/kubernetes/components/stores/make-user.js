// Run once by the image of MongoDB, when the database is new: a user that may read and write in one
// database and nothing else.
db.getSiblingDB("parvis").createUser({
  user: "parvis",
  pwd: process.env.MONGODB_PASSWORD,
  roles: [{ role: "readWrite", db: "parvis" }],
});
