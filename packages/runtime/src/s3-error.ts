import { StorageError, type StorageFault } from "./storage-error.ts";

/**
 * What the codes of S3 and its kin mean to us.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; XMinioStorageFull is
 * MinIO's, XAdminUserNotFound is what versitygw says of an access key that it does not know.
 */
const FAULT_BY_CODE: Readonly<Record<string, StorageFault>> = {
  NoSuchBucket: "unusable",
  InvalidBucketName: "unusable",
  AccessDenied: "refused",
  AllAccessDisabled: "refused",
  InvalidAccessKeyId: "refused",
  XAdminUserNotFound: "refused",
  SignatureDoesNotMatch: "refused",
  ExpiredToken: "refused",
  InvalidToken: "refused",
  RequestTimeTooSkewed: "refused",
  // The library's own, before anything is sent.
  CredentialsProviderError: "refused",
  PermanentRedirect: "unusable",
  AuthorizationHeaderMalformed: "unusable",
  IllegalLocationConstraintException: "unusable",
  QuotaExceeded: "full",
  XMinioStorageFull: "full",
  SlowDown: "overloaded",
  ServiceUnavailable: "overloaded",
  TooManyRequests: "overloaded",
  RequestTimeout: "unreachable",
  InternalError: "failed",
};

const HTTP_FORBIDDEN = 403;
const HTTP_SERVER_ERROR = 500;
const HTTP_UNAVAILABLE = 503;
const HTTP_FULL = 507;

/** Turns what the S3 library threw into a StorageError. @param where "bucket at endpoint" */
export function toS3Error(error: unknown, where: string): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error;
  // Those are ours, not the server's.
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const fault = faultOf(error);
  // Some servers send a code and no words.
  const detail = [error.name, error.message].filter((part) => part !== "" && part !== "Error").join(": ");
  return new StorageError(fault, sentenceOf(fault, error.name, where, detail), { cause: error });
}

function faultOf(error: Error): StorageFault {
  const known = FAULT_BY_CODE[error.name];
  if (known !== undefined) return known;
  const status = statusOf(error);
  // No answer at all: refused connections, resets, timeouts, unknown hosts.
  if (status === undefined) return "unreachable";
  if (status === HTTP_FORBIDDEN) return "refused";
  if (status === HTTP_FULL) return "full";
  if (status === HTTP_UNAVAILABLE) return "overloaded";
  return status >= HTTP_SERVER_ERROR ? "failed" : "unusable";
}

function statusOf(error: Error): number | undefined {
  const metadata = "$metadata" in error ? error.$metadata : undefined;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}

function sentenceOf(fault: StorageFault, code: string, where: string, detail: string): string {
  const [bucket = where] = where.split(" at ");
  switch (fault) {
    case "unusable":
      if (code === "NoSuchBucket") return `The bucket ${where} does not exist: create it, or correct --s3-bucket.`;
      if (code === "InvalidBucketName") return `${bucket} is no name of a bucket: correct --s3-bucket.`;
      return `The bucket ${where} cannot be used (${detail}): check --s3-bucket, --s3-region and --s3-endpoint.`;
    case "refused":
      if (code === "RequestTimeTooSkewed")
        return `S3 refuses us on ${where} because this machine's clock is wrong (${detail}): set it.`;
      return `S3 refuses us on ${where} (${detail}): check --s3-access-key, --s3-secret-key and what they may do.`;
    case "full":
      return `The bucket ${where} is full (${detail}): raise its quota or delete old objects.`;
    case "overloaded":
      return `S3 is asked too much for ${where} (${detail}): it is tried again later.`;
    case "unreachable":
      return `S3 did not answer for ${where} (${detail}): check --s3-endpoint; what was asked may have been done or not.`;
    default:
      return `S3 failed for ${where} (${detail}).`;
  }
}
