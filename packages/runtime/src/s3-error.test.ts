import { describe, expect, test } from "vitest";
import { toS3Error } from "./s3-error.ts";
import { StorageError } from "./storage-error.ts";

const WHERE = "snapshots at https://s3.example.org";

/** As the library throws it: the code is the name. */
function answer(code: string, status: number, message = "words"): Error {
  return Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
}

describe("an answer of S3 becomes a fault and a sentence that says what to do", () => {
  test.each([
    [answer("NoSuchBucket", 404), "unusable", "does not exist: create it, or correct --s3-bucket."],
    [answer("InvalidBucketName", 400), "unusable", "snapshots is no name of a bucket: correct --s3-bucket."],
    [answer("PermanentRedirect", 301), "unusable", "--s3-region"],
    [answer("AccessDenied", 403), "refused", "check --s3-access-key, --s3-secret-key"],
    [answer("SomethingNew", 403), "refused", "(SomethingNew: words)"],
    [answer("RequestTimeTooSkewed", 403), "refused", "this machine's clock is wrong"],
    [answer("QuotaExceeded", 409), "full", "raise its quota"],
    [answer("Odd", 507), "full", "raise its quota"],
    [answer("SlowDown", 503), "overloaded", "tried again later"],
    [answer("Odd", 503), "overloaded", "tried again later"],
    [
      answer("InternalError", 500),
      "failed",
      "S3 failed for snapshots at https://s3.example.org (InternalError: words).",
    ],
    [answer("Odd", 502), "failed", "(Odd: words)"],
    [answer("Odd", 400), "unusable", "--s3-endpoint"],
  ])("%s", (error, fault, words) => {
    const turned = toS3Error(error, WHERE) as StorageError;
    expect(turned).toBeInstanceOf(StorageError);
    expect(turned.fault).toBe(fault);
    expect(turned.message).toContain(words);
    expect(turned.message).toMatch(/^[A-Zs].*\.$/);
    expect(turned.cause).toBe(error);
  });

  test("no answer is unreachable: what was asked may have been done", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    expect(toS3Error(error, WHERE)).toMatchObject({ fault: "unreachable" });
    expect((toS3Error(error, WHERE) as Error).message).toContain("(connect ECONNREFUSED 127.0.0.1:1)");
  });

  test("our own faults and errors that are turned already pass through", () => {
    const ours = [new TypeError("x is undefined"), new StorageError("closed", "Closed."), "thrown text"];
    for (const error of ours) expect(toS3Error(error, WHERE)).toBe(error);
  });
});
