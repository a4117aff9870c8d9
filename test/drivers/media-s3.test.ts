import { expect } from "chai";
import { inspect } from "node:util";
import { addressOf } from "../../src/drivers/media/s3-requests.js";
import { createS3Media } from "../../src/drivers/media/s3.js";
import { errorCodeIn, readListPage } from "../../src/drivers/media/s3-xml.js";
import { aBucket, type Bucket } from "../support/s3.js";
import { verifySigV4 } from "../support/sigv4.js";
import { mediaConformance } from "./media.conformance.js";
import { rejection } from "./store.conformance-support.js";

const patience = { tryMs: 5_000, tries: 3, restMs: 1 };
const bytes = Buffer.from("a picture");

describe("pictures in a bucket", () => {
  let bucket: Bucket;
  beforeEach(async () => void (bucket = await aBucket()));
  afterEach(() => bucket.close());

  mediaConformance(() => ({
    media: createS3Media(bucket.place, patience),
    plant: (path, content) => void bucket.objects.set(path, Buffer.from(content)),
  }));

  it("are kept in spite of a busy service, a cut line and one that keeps silent", async () => {
    const media = createS3Media(bucket.place, { ...patience, tryMs: 300 });
    bucket.faults.push(503, "cut");
    const name = await media.put("town", bytes, "png");
    bucket.faults.push("silence", 500);

    const found = await media.get("town", name);

    expect(found).to.deep.equal(bytes);
    expect(bucket.asked).to.have.length(6);
    await media.close();
  });

  it("are refused after a few tries, and a picture that is not taken is in no list", async () => {
    const media = createS3Media(bucket.place, patience);
    bucket.faults.push(503, 503, 503);

    const refusal = await rejection(media.put("town", bytes, "png"));

    expect(refusal.name).to.equal("MediaUnavailable");
    expect(refusal.message).to.include("SlowDown");
    expect(bucket.asked).to.have.length(3);
    expect(bucket.objects.size).to.equal(0);
    await media.close();
  });

  it("are refused at once to wrong keys, another region or a bucket that is not there", async () => {
    const wrong = [
      [{ secretAccessKey: "another secret" }, "SignatureDoesNotMatch"],
      [{ accessKeyId: "AKNOBODY" }, "InvalidAccessKeyId"],
      [{ region: "us-east-1" }, "AuthorizationHeaderMalformed"],
      [{ bucket: "elsewhere" }, "NoSuchBucket"],
    ] as const;
    for (const [change, code] of wrong) {
      const media = createS3Media({ ...bucket.place, ...change }, patience);
      bucket.asked.length = 0;

      const refusal = await rejection(media.get("town", `${"0".repeat(64)}.png`));

      expect(refusal.message).to.include(code);
      expect(bucket.asked).to.have.length(1);
      const told = inspect(refusal, { depth: 9 });
      expect(told).not.to.include(bucket.place.secretAccessKey);
      expect(told).not.to.include("Signature=");
      await media.close();
    }
  });

  it("say so when nothing listens at the service's address", async () => {
    const media = createS3Media(bucket.place, patience);
    await bucket.close();

    expect((await rejection(media.check())).message).to.include("ECONNREFUSED");
    await media.close();
    bucket = await aBucket();
  });

  it("are asked for once while many pages show them", async () => {
    const media = createS3Media(bucket.place, patience);
    const name = await media.put("town", bytes, "png");
    bucket.asked.length = 0;

    for (let n = 0; n < 5; n += 1) await media.get("town", name);

    expect(bucket.asked).to.deep.equal([`GET /parvis-media/town/${name}`]);
    await media.close();
  });

  it("never follow an answer that is larger than any picture", async () => {
    const media = createS3Media(bucket.place, patience);
    bucket.objects.set(`town/${"0".repeat(64)}.png`, Buffer.alloc(17 * 1024 * 1024));

    const refusal = await rejection(media.get("town", `${"0".repeat(64)}.png`));

    expect(refusal.message).to.include("too long");
    expect(bucket.asked).to.have.length(1);
    await media.close();
  });

  it("are named in the path or before the host", () => {
    const place = { ...bucket.place, endpoint: "https://s3.example:9000" };
    const key = "town/x.png";

    expect(addressOf(place, { key }).href).to.equal(
      "https://s3.example:9000/parvis-media/town/x.png",
    );
    expect(addressOf({ ...place, pathStyle: false }, { key }).href).to.equal(
      "https://parvis-media.s3.example:9000/town/x.png",
    );
  });
});

describe("what a bucket says", () => {
  it("is read as a list, and refused when it is none or contradicts itself", () => {
    const list = (inner: string): Buffer =>
      Buffer.from(`<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`);
    const more = "<IsTruncated>true</IsTruncated>";
    const next = "<NextContinuationToken>a&amp;b=</NextContinuationToken>";

    expect(readListPage(list(""))).to.deep.equal({ keys: [], next: null });
    expect(
      readListPage(list(`<Contents><Key>a/é &lt;b&gt;</Key></Contents>${more}${next}`)),
    ).to.deep.equal({ keys: ["a/é <b>"], next: "a&b=" });
    for (const wrong of [list(more), list(next), Buffer.from("<html>"), Buffer.from("{}")]) {
      expect(readListPage(wrong), String(wrong)).to.equal(null);
    }
  });

  it("is told of by its code alone", () => {
    const error = (code: string): Buffer =>
      Buffer.from(`<Error><Code>${code}</Code><Message>secret</Message></Error>`);

    expect(errorCodeIn(error("SlowDown"))).to.equal("SlowDown");
    expect(errorCodeIn(error("a secret, and more"))).to.equal(null);
    expect(errorCodeIn(Buffer.from("<html><Code>no</Code></html>"))).to.equal(null);
  });
});

describe("the bucket of the tests", () => {
  it("takes the signature that AWS gives as its example, and no other", () => {
    const account = {
      ...{ accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "us-east-1" },
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };
    const request = {
      ...{ method: "GET", target: "/test.txt", body: Buffer.alloc(0) },
      headers: {
        ...{ host: "examplebucket.s3.amazonaws.com", range: "bytes=0-9" },
        "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-amz-date": "20130524T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
      },
    };
    const then = new Date("2013-05-24T00:00:00Z");

    expect(verifySigV4(request, account, then)).to.equal(null);
    expect(verifySigV4({ ...request, target: "/other.txt" }, account, then)).to.equal(
      "SignatureDoesNotMatch",
    );
    expect(verifySigV4({ ...request, body: bytes }, account, then)).to.equal(
      "XAmzContentSHA256Mismatch",
    );
    expect(verifySigV4(request, account, new Date())).to.equal("RequestTimeTooSkewed");
  });
});
