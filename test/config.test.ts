import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import express from "express";
import { ConfigError, environmentWithFile, loadConfig, variables } from "../src/config.js";
import { parseSender } from "../src/drivers/mail/message.js";

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

describe("The configuration", () => {
  it("needs nothing to be set", () => {
    expect(loadConfig({})).to.deep.equal({
      ...{ port: 3000, bind: null, publicUrl: "http://localhost:3000", dataDir: "data" },
      ...{
        mongodbUrl: null,
        redisUrl: null,
        s3: null,
        traces: null,
        role: "all",
        secret: null,
        smtpUrl: null,
        mailFrom: null,
        trustProxy: null,
      },
      ...{ logLevel: "info", metricsToken: null, privateAddresses: false },
      limits: { storage: null, mails: null, members: null },
    });
  });

  it("takes an empty or blank variable for one that is not set", () => {
    const blank = Object.fromEntries(variables.map((name, n) => [name, " ".repeat(n % 3)]));

    expect(loadConfig(blank)).to.deep.equal(loadConfig({}));
  });

  it("names every mistake in a line of its own, and never repeats a secret", () => {
    const wrong = {
      ...{ PORT: "http", PUBLIC_URL: "parvis.example", MONGODB_URL: "db.example" },
      ...{ REDIS_URL: "http://cache.example", ROLE: "boss" },
      ...{ SECRET: "hunter2", SMTP_URL: "mail.example:25", MAIL_FROM: "Parvis", LOG_LEVEL: "loud" },
      ...{ TRUST_PROXY: "nginx", FEDERATION_PRIVATE_ADDRESSES: "maybe", METRICS_TOKEN: "short" },
      ...{ LIMIT_STORAGE: "much", LIMIT_MAILS: "some", LIMIT_MEMBERS: "-1" },
      ...{ S3_ENDPOINT: "s3.example", S3_BUCKET: "A bucket", S3_REGION: "Paris, France" },
      ...{ S3_ACCESS_KEY_ID: "k", S3_SECRET_ACCESS_KEY: "hunter2", S3_FORCE_PATH_STYLE: "perhaps" },
    };
    const lines = mistakes(wrong);

    expect(lines.map((line) => line.split(":")[0])).to.have.members(Object.keys(wrong));
    for (const line of lines) expect(line).to.match(/^[A-Z0-9_]+: [^\n]{8,}$/);
    expect(lines.join("\n")).not.to.contain("hunter2");
    expect(new ConfigError(lines).message.split("\n")).to.have.length(lines.length);
  });

  it("takes no address with a password that makes it none, which others would quote in the log", () => {
    const wrong = {
      SMTP_URL: "smtp://town:hun/ter2@mail.example",
      REDIS_URL: "redis://:hun/ter2@cache.example",
    };
    const lines = mistakes(wrong);

    expect(lines.map((line) => line.split(":")[0])).to.deep.equal(["REDIS_URL", "SMTP_URL"]);
    expect(lines.join("\n")).to.contain("%2F").and.not.to.contain("ter2");
  });

  it("takes a collector for traces as OpenTelemetry names it, and repeats no key of a wrong one", () => {
    const collector = {
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://traces.example/otlp/" },
      ...{ OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20une-clef, x-town = valmont" },
      ...{ OTEL_SERVICE_NAME: "valmont", OTEL_RESOURCE_ATTRIBUTES: "service.name=other,a.b=c%2Cd" },
      ...{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" },
    };

    expect(loadConfig(collector).traces).to.deep.equal({
      url: "https://traces.example/otlp/v1/traces",
      headers: { authorization: "Bearer une-clef", "x-town": "valmont" },
      resource: { "service.name": "valmont", "a.b": "c,d" },
      ...{ sampler: "traceidratio", ratio: 0.25 },
    });
    const wrong = mistakes({
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://ada:hunter2@traces.example" },
      ...{ OTEL_EXPORTER_OTLP_HEADERS: "hunter2", OTEL_RESOURCE_ATTRIBUTES: "a=%zz" },
      ...{ OTEL_TRACES_SAMPLER: "sometimes", OTEL_TRACES_SAMPLER_ARG: "2" },
    });
    expect(wrong).to.have.length(5);
    expect(wrong.join()).to.not.include("hunter2");
  });

  it("sends traces where the variables for traces say, and nothing when the SDK is disabled", () => {
    const all = {
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://all.example/otlp?key=1" },
      ...{ OTEL_EXPORTER_OTLP_HEADERS: "authorization=all,x-town=valmont" },
    };
    const placeOf = (more: Record<string, string> = {}) => loadConfig({ ...all, ...more }).traces;
    const only = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example/in?key=2" };

    expect(placeOf()?.url).to.equal("https://all.example/otlp/v1/traces?key=1");
    expect(placeOf(only)?.url).to.equal("https://traces.example/in?key=2");
    expect(loadConfig(only).traces?.url).to.equal("https://traces.example/in?key=2");
    const bare = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example" };
    expect(placeOf(bare)?.url).to.equal("https://traces.example/");
    const headers = { OTEL_EXPORTER_OTLP_TRACES_HEADERS: "authorization=traces" };
    expect(placeOf(headers)?.headers).to.deep.equal({
      ...{ authorization: "traces", "x-town": "valmont" },
    });
    expect(placeOf({ OTEL_SDK_DISABLED: "TRUE" })).to.equal(null);
    expect(placeOf({ OTEL_SDK_DISABLED: "1" })).to.not.equal(null);
  });

  it("refuses to send traces by a protocol that it does not speak, and says which it does", () => {
    const place = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317" };
    const grpc = { ...place, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    const binary = { ...place, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf" };

    for (const [wrong, name] of [
      [grpc, "OTEL_EXPORTER_OTLP_PROTOCOL"],
      [binary, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"],
      [{ ...grpc, ...binary }, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"],
    ] as const) {
      expect(mistakes(wrong)).to.deep.equal([
        `${name}: traces are sent as http/json alone: leave it empty, and name the port on which ` +
          "the collector takes OTLP over HTTP, as a rule 4318",
      ]);
    }
    const json = { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" };
    expect(loadConfig({ ...grpc, ...json }).traces).to.not.equal(null);
    expect(loadConfig({ ...grpc, OTEL_SDK_DISABLED: "true" }).traces).to.equal(null);
    expect(loadConfig({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }).traces).to.equal(null);
  });

  it("tells what does not go together beside every other mistake, in one go", () => {
    const wrong = {
      ...{ PORT: "http", OTEL_TRACES_SAMPLER: "sometimes", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: "traces.example", S3_BUCKET: "parvis-media" },
    };

    const named = mistakes(wrong).map((line) => line.split(":")[0]);

    expect(named).to.have.members([
      ...["PORT", "OTEL_TRACES_SAMPLER", "OTEL_EXPORTER_OTLP_PROTOCOL"],
      ...["OTEL_EXPORTER_OTLP_ENDPOINT"],
      ...["S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"],
    ]);
  });

  it("takes a bucket with all that it needs, and names what is missing of one", () => {
    const bucket = {
      ...{ S3_ENDPOINT: "http://10.0.0.7:9000", S3_BUCKET: "parvis-media" },
      ...{ S3_ACCESS_KEY_ID: "AKPARVIS", S3_SECRET_ACCESS_KEY: "un secret de plus" },
    };

    expect(loadConfig(bucket).s3).to.deep.equal({
      ...{ endpoint: "http://10.0.0.7:9000", bucket: "parvis-media", region: "us-east-1" },
      ...{ accessKeyId: "AKPARVIS", secretAccessKey: "un secret de plus", pathStyle: true },
    });
    expect(loadConfig({ ...bucket, S3_FORCE_PATH_STYLE: "false" }).s3?.pathStyle).to.equal(false);
    for (const name of Object.keys(bucket)) {
      expect(mistakes({ ...bucket, [name]: "" })).to.deep.equal([
        `${name}: is needed to keep pictures on S3`,
      ]);
    }
  });

  const origins: ReadonlyArray<readonly [string, string | null]> = [
    ["https://Parvis.Example", "https://parvis.example"],
    ["https://parvis.example/", "https://parvis.example"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["https://é.example", "https://xn--9ca.example"],
    ["https://parvis.example/path", null],
    ["https://parvis.example/?a", null],
    ["https://parvis.example/#a", null],
    ["https://ada:secret@parvis.example", null],
    ["ftp://parvis.example", null],
    ["javascript:alert(1)", null],
    ["https://", null],
  ];
  for (const [url, origin] of origins) {
    it(`${origin === null ? "refuses" : "takes"} ${url} for an origin`, () => {
      const found = mistakes({ PUBLIC_URL: url });

      expect(found.length).to.equal(origin === null ? 1 : 0);
      if (origin !== null) expect(loadConfig({ PUBLIC_URL: url }).publicUrl).to.equal(origin);
    });
  }

  it("lets nothing through that the parts it is for would refuse at the start", () => {
    const proxies = ["1", "true", "false", "loopback", "10.0.0.0/8, ::1", "loopback, uniquelocal"];
    for (const value of proxies) {
      const { trustProxy } = loadConfig({ TRUST_PROXY: value });
      if (/^[\dtf]/.test(value) && !value.includes(".")) continue;
      expect(() => express().set("trust proxy", trustProxy)).not.to.throw();
    }
    for (const value of ["nginx", "10.0.0.0/99", "-1", "*", "::1/200", "loopback;", "1.2.3"]) {
      expect(mistakes({ TRUST_PROXY: value }), value).to.have.length(1);
    }
    for (const value of ["a@b.example", "Parvis <a@b.example>", "Été <a@é.example>"]) {
      const { mailFrom } = loadConfig({ MAIL_FROM: value });
      expect(() => parseSender(mailFrom ?? "")).not.to.throw();
    }
    for (const value of ["a@", "<a@b.example", "a@b.example>", "A\u0007 <a@b.example>", "a b"]) {
      expect(mistakes({ MAIL_FROM: value }), value).to.have.length(1);
    }
    for (const value of ["65536", "-1", "3000.5", "1e3x", "NaN"]) {
      expect(mistakes({ PORT: value }), value).to.have.length(1);
    }
  });

  it("is read from a file too, which the process's own variables go before", () => {
    const folder = mkdtempSync(join(tmpdir(), "parvis-env-"));
    const file = join(folder, ".env");
    writeFileSync(file, 'PORT=4000\nDATA_DIR="my data"\n# SECRET=x\nHOST=\nLOG_LEVEL=warn\n');
    const env = environmentWithFile(file, { PORT: "5000", LOG_LEVEL: "" });
    const missing = environmentWithFile(join(folder, "none"), { PORT: "5000" });
    rmSync(folder, { recursive: true });

    expect(loadConfig(env)).to.include({ port: 5000, dataDir: "my data", bind: null });
    expect(loadConfig(env).logLevel).to.equal("warn");
    expect(loadConfig(missing).port).to.equal(5000);
  });

  it("is described in the README, every variable of it", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const rows = [...readme.matchAll(/^\|\s*`([A-Z0-9_]+)`/gm)].map(([, name]) => name);

    expect(rows).to.include.members([...variables]);
  });
});
