import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";

const STARTS_WITHIN_MS = 60_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", (said) => {
      socket.destroy();
      resolve(String(said).startsWith("+PONG"));
    });
    socket.once("error", () => resolve(false));
  });
}

/** A `redis-server` of the run's own, which keeps nothing on disk. */
async function startRedis(program) {
  const folder = mkdtempSync(join(tmpdir(), "parvis-run-"));
  const port = await freePort();
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const running = spawn(program, [...settings, "--save", "", "--appendonly", "no"], {
    stdio: "ignore",
  });
  const failed = new Promise((_, reject) => running.once("error", reject));
  const ready = async () => {
    const deadline = performance.now() + STARTS_WITHIN_MS;
    while (!(await answers(port))) {
      if (performance.now() > deadline) throw new Error("redis-server does not answer");
      await pause(20);
    }
  };
  await Promise.race([ready(), failed]);
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      running.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Talks with the Redis at `url` once, without waiting for one that does not answer. */
async function asking(url, ask) {
  const redis = new Redis(url, {
    ...{ lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null },
    ...{ connectTimeout: 5_000, commandTimeout: 5_000 },
  });
  // Told by what is asked of it.
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** A Redis that is somebody's: what the run wrote begins with its name, and is all that is taken away. */
async function givenRedis(url, run) {
  try {
    await asking(url, (redis) => redis.ping());
  } catch {
    throw new Error("The Redis at REDIS_URL does not answer.");
  }
  const forget = async (redis) => {
    for await (const keys of redis.scanStream({ match: `${run}_*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(keys);
    }
  };
  return { url, stop: () => asking(url, forget) };
}

async function dropDatabases(url, prefix) {
  const client = await MongoClient.connect(url);
  const { databases } = await client.db("admin").admin().listDatabases({ nameOnly: true });
  for (const { name } of databases)
    if (name.startsWith(prefix)) await client.db(name).dropDatabase();
  await client.close();
}

/**
 * What a run on MongoDB and Redis needs: a server that speaks MongoDB's protocol at `MONGODB_URL`, and the
 * Redis at `REDIS_URL`, or one that is started here.
 * @param {{ redis: string | undefined, redisUrl: string | undefined, mongodb: string | undefined }} where the
 *   program, and the addresses
 * @returns settings for the tests, and what takes away in the end all that they left
 * @throws when one of the two is missing: a run that is asked for the servers is of no use without
 */
export async function startServers({ redis, redisUrl, mongodb }) {
  if (!mongodb)
    throw new Error("Set MONGODB_URL: --engine=servers needs a MongoDB-compatible server.");
  if (!redis && !redisUrl)
    throw new Error(
      "Set REDIS_URL, or install redis-server (PARVIS_TEST_REDIS): --engine=servers needs a Redis.",
    );
  const run = `parvis_run_${randomBytes(4).toString("hex")}`;
  const { url, stop } = await (redisUrl ? givenRedis(redisUrl, run) : startRedis(redis));
  return {
    env: {
      PARVIS_TEST_ENGINE: "servers",
      PARVIS_TEST_RUN: run,
      PARVIS_TEST_REDIS_URL: url,
    },
    async stop() {
      await Promise.all([stop(), dropDatabases(mongodb, `${run}_`)]);
    },
  };
}
