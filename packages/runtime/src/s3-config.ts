import { z } from "zod";
import { OperatingError } from "./operating-error.ts";
import type { S3Options } from "./s3-object-client.ts";

/** Keys of a program that keeps snapshots in S3 as well. */
export const s3Keys = {
  s3Bucket: z.string().min(1).optional().describe("Bucket for a snapshot each minute; without it none go to S3"),
  s3Endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ allowed: "an address like https://s3.example.org:9000" })
    .describe("Address of an S3-compatible server; without it Amazon's own, by region"),
  s3Region: z.string().min(1).default("us-east-1").describe("Region of the bucket"),
  s3Prefix: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/)
    .default("burnline")
    .meta({ allowed: "letters, digits, ., - and _, in parts with / between them" })
    .describe("First part of every object's key"),
  s3AccessKey: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe("Access key of S3; without it the machine's own role or profile"),
  s3SecretKey: z.string().optional().meta({ secret: true }).describe("Secret key of S3; together with the access key"),
};

const s3Schema = z.object(s3Keys);
export type S3Config = z.output<typeof s3Schema>;

/**
 * Undefined when no bucket is given.
 * @throws OperatingError when the settings do not fit together.
 */
export function s3Options(config: S3Config): S3Options | undefined {
  const { s3Bucket, s3Endpoint, s3Region, s3AccessKey, s3SecretKey } = config;
  if ((s3AccessKey === undefined) !== (s3SecretKey === undefined))
    throw new OperatingError("--s3-access-key and --s3-secret-key belong together: give both or neither.");
  if (s3Bucket === undefined) {
    if (s3Endpoint !== undefined || s3AccessKey !== undefined)
      throw new OperatingError("S3 is set up without a bucket: give --s3-bucket, or none of the other --s3 settings.");
    return undefined;
  }
  return {
    ...{ bucket: s3Bucket, region: s3Region },
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    ...(s3AccessKey === undefined || s3SecretKey === undefined
      ? {}
      : { credentials: { accessKey: s3AccessKey, secretKey: s3SecretKey } }),
  };
}
