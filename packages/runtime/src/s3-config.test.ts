import { expect, test } from "vitest";
import { z } from "zod";
import { fieldsOf } from "./config-field.ts";
import { s3Keys, s3Options } from "./s3-config.ts";

const schema = z.object(s3Keys);
const options = (given: object) => s3Options(schema.parse(given));

test("without a bucket nothing goes to S3", () => {
  expect(options({})).toBeUndefined();
});

test("a bucket alone is Amazon's, with the machine's own credentials", () => {
  expect(options({ s3Bucket: "b" })).toEqual({ bucket: "b", region: "us-east-1" });
});

test("a server of one's own has an address and keys", () => {
  const given = { s3Bucket: "b", s3Endpoint: "http://s3:9000", s3Region: "r", s3AccessKey: "a", s3SecretKey: "s" };
  expect(options(given)).toEqual({
    ...{ bucket: "b", endpoint: "http://s3:9000", region: "r" },
    credentials: { accessKey: "a", secretKey: "s" },
  });
});

test.each([
  [{ s3Bucket: "b", s3AccessKey: "a" }, "--s3-access-key and --s3-secret-key belong together: give both or neither."],
  [{ s3Bucket: "b", s3SecretKey: "s" }, "--s3-access-key and --s3-secret-key belong together: give both or neither."],
  [{ s3Endpoint: "http://s3:9000" }, "S3 is set up without a bucket: give --s3-bucket"],
  [{ s3AccessKey: "a", s3SecretKey: "s" }, "S3 is set up without a bucket: give --s3-bucket"],
])("%j is refused", (given, message) => {
  expect(() => options(given)).toThrow(message);
});

test.each([
  { s3Endpoint: "s3:9000" },
  { s3Endpoint: "ftp://s3" },
  { s3Prefix: "/burnline" },
  { s3Prefix: "a//b" },
  { s3Prefix: "" },
  { s3Bucket: "" },
])("%j is no setting", (given) => {
  expect(schema.safeParse(given).success).toBe(false);
});

test("neither key is ever printed", () => {
  const secrets = fieldsOf(schema).filter(({ isSecret }) => isSecret);
  expect(secrets.map(({ flag }) => flag)).toEqual(["--s3-access-key", "--s3-secret-key"]);
});
