import { addAbortSignal, type Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { toS3Error } from "./s3-error.ts";
import { StorageError } from "./storage-error.ts";

/** What the snapshots need of an object store. Errors are StorageErrors. */
export interface ObjectClient {
  /** Replaces what is there. All or nothing. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is none, or one too large to be ours. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** All keys that begin with this, rising. */
  list(prefix: string): Promise<readonly string[]>;
  /** What is not there is deleted already. */
  delete(key: string): Promise<void>;
}

export interface S3Options {
  /** Without one: Amazon's own, by region. */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  /** Without them: what the machine has been given (role, profile), as all of Amazon's tools look for it. */
  readonly credentials?: { readonly accessKey: string; readonly secretKey: string };
  readonly limits?: Partial<S3Limits>;
}

/** Of one call. */
export interface S3Limits {
  /** The first one and its retries; between them a random wait that doubles. */
  readonly attemptsMax: number;
  readonly connectMsMax: number;
  readonly attemptMsMax: number;
  /** With all attempts, and with the time until an object's last byte is here. */
  readonly callMsMax: number;
}

const LIMITS: S3Limits = { attemptsMax: 3, connectMsMax: 2_000, attemptMsMax: 5_000, callMsMax: 10_000 };

/** A partition's state is some 100 kB. Larger ones are not written, and not read either: they cannot be ours. */
const OBJECT_BYTES_MAX = 256 * 1024 ** 2;
/** S3 gives at most 1,000 keys at once. Beyond this something else fills the folder, and listing it would never end. */
const LIST_PAGES_MAX = 20;
const CONNECTIONS_MAX = 8;
/** A process starts, with S3 or without. */
const CHECK_MS_MAX = 3_000;

type Sdk = typeof import("@aws-sdk/client-s3");

/** Objects of one bucket of S3 or anything that speaks its protocol, addressed by path: http://host/bucket/key. */
export class S3ObjectClient implements ObjectClient {
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #where: string;
  readonly #callMsMax: number;

  /** Connects nothing yet; `check` does. The library takes 0.2 s to load, so it comes only where it is used. */
  static async open(options: S3Options): Promise<S3ObjectClient> {
    return new S3ObjectClient(await import("@aws-sdk/client-s3"), options);
  }

  private constructor(sdk: Sdk, options: S3Options) {
    const { endpoint, region, bucket, credentials } = options;
    const { attemptsMax, connectMsMax, attemptMsMax, callMsMax } = { ...LIMITS, ...options.limits };
    this.#sdk = sdk;
    this.#bucket = bucket;
    this.#where = `${bucket} at ${endpoint ?? `Amazon S3, ${region}`}`;
    this.#callMsMax = callMsMax;
    const agent = { keepAlive: true, maxSockets: CONNECTIONS_MAX };
    this.#client = new sdk.S3Client({
      ...{ region, forcePathStyle: true, maxAttempts: attemptsMax, retryMode: "standard" },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined
        ? {}
        : { credentials: { accessKeyId: credentials.accessKey, secretAccessKey: credentials.secretKey } }),
      requestHandler: {
        ...{ connectionTimeout: connectMsMax, requestTimeout: attemptMsMax, throwOnRequestTimeout: true },
        ...{ httpAgent: agent, httpsAgent: agent },
      },
      // Snapshots bear their own checksum, and not every server knows the newer ones of the protocol.
      ...{ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" },
    });
  }

  /** @throws StorageError when the bucket is not there, or not for us, or nobody answers. */
  async check(): Promise<void> {
    const command = new this.#sdk.ListObjectsV2Command({ Bucket: this.#bucket, MaxKeys: 1 });
    const msMax = Math.min(CHECK_MS_MAX, this.#callMsMax);
    await this.#ask((abortSignal) => this.#client.send(command, { abortSignal }), msMax);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength > OBJECT_BYTES_MAX)
      throw new StorageError("overloaded", `${key} has ${bytes.byteLength} bytes: more than may go to S3.`);
    const command = new this.#sdk.PutObjectCommand({
      ...{ Bucket: this.#bucket, Key: key, Body: bytes },
      ...{ ContentLength: bytes.byteLength, ContentType: "application/octet-stream" },
    });
    await this.#ask((abortSignal) => this.#client.send(command, { abortSignal }));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    const { GetObjectCommand, NoSuchKey } = this.#sdk;
    return this.#ask(async (abortSignal) => {
      try {
        const { Body, ContentLength } = await this.#client.send(
          new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
          { abortSignal },
        );
        if (Body === undefined) return undefined;
        // On Node a body is a stream of it; the signal given to the call ends with the headers.
        addAbortSignal(abortSignal, Body as Readable);
        if (ContentLength !== undefined && ContentLength <= OBJECT_BYTES_MAX) return await Body.transformToByteArray();
        (Body as Readable).destroy();
        return undefined;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    });
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#ask(async (abortSignal) => {
      const keys: string[] = [];
      let token: string | undefined;
      for (let page = 0; page < LIST_PAGES_MAX; page++) {
        const command = new this.#sdk.ListObjectsV2Command({
          ...{ Bucket: this.#bucket, Prefix: prefix },
          ...(token === undefined ? {} : { ContinuationToken: token }),
        });
        const { Contents = [], NextContinuationToken } = await this.#client.send(command, { abortSignal });
        for (const { Key } of Contents) if (Key !== undefined) keys.push(Key);
        token = NextContinuationToken;
        if (token === undefined) return keys.sort();
      }
      throw new StorageError(
        "overloaded",
        `More than ${keys.length} objects below ${prefix} in ${this.#where}: delete old ones.`,
      );
    });
  }

  async delete(key: string): Promise<void> {
    const command = new this.#sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: key });
    await this.#ask((abortSignal) => this.#client.send(command, { abortSignal }));
  }

  /** Ends the connections; calls under way fail. */
  close(): void {
    this.#client.destroy();
  }

  async #ask<T>(call: (abortSignal: AbortSignal) => Promise<T>, msMax = this.#callMsMax): Promise<T> {
    const signal = AbortSignal.timeout(msMax);
    try {
      return await call(signal);
    } catch (error) {
      throw toS3Error(signal.aborted ? signal.reason : error, this.#where);
    }
  }
}
