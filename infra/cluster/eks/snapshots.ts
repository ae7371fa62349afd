import type { Cluster } from "@pulumi/aws/eks/index.js";
import { PodIdentityAssociation } from "@pulumi/aws/eks/index.js";
import { RolePolicy } from "@pulumi/aws/iam/index.js";
import type { Key } from "@pulumi/aws/kms/index.js";
import {
  Bucket,
  BucketLifecycleConfiguration,
  BucketOwnershipControls,
  BucketPolicy,
  BucketPublicAccessBlock,
  BucketServerSideEncryptionConfiguration,
  BucketVersioning,
} from "@pulumi/aws/s3/index.js";
import * as pulumi from "@pulumi/pulumi";
import { type EksBase, onAws, statefulOnAws } from "./base.ts";
import { makeRole } from "./roles.ts";

/** Snapshots are only of use while their race can still be replayed from the log. */
const SNAPSHOT_DAYS = 14;
const OLD_VERSION_DAYS = 7;
/** Archived races are read rarely, and then at once. */
const ARCHIVE_COLD_AFTER_DAYS = 30;
const BROKEN_UPLOAD_DAYS = 1;
/** As packages/runtime puts snapshots, and apps/operator archives: beside them, so that they do not end with them. */
const PREFIXES = { snapshots: "burnline/", archive: "archive/" } as const;

/** The bucket for snapshots and archives: versions, our own key, nobody from outside, TLS only. */
export function snapshotBucket(base: EksBase, key: Key): Bucket {
  const name = `${base.name}-snapshots`;
  // Its real name is made by Pulumi once: names of buckets are the whole world's.
  const bucket = new Bucket(name, { forceDestroy: !base.isProtected, tags: { Name: name } }, statefulOnAws(base));
  const of = { bucket: bucket.id };
  const isVersioned = new BucketVersioning(
    name,
    { ...of, versioningConfiguration: { status: "Enabled" } },
    onAws(base),
  );
  const sseAlgorithm = "aws:kms";
  new BucketServerSideEncryptionConfiguration(
    name,
    {
      ...of,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm, kmsMasterKeyId: key.arn },
          // Or each object written, one a minute and partition, is a request to KMS.
          bucketKeyEnabled: true,
        },
      ],
    },
    onAws(base),
  );
  const closed = new BucketPublicAccessBlock(
    name,
    { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    onAws(base),
  );
  new BucketOwnershipControls(name, { ...of, rule: { objectOwnership: "BucketOwnerEnforced" } }, onAws(base));
  new BucketPolicy(name, { ...of, policy: tlsOnly(bucket) }, onAws(base, { dependsOn: [closed] }));
  lifecycle(base, name, bucket, isVersioned);
  return bucket;
}

function tlsOnly(bucket: Bucket): pulumi.Output<string> {
  return bucket.arn.apply((arn) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          ...{ Sid: "TlsOnly", Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [arn, `${arn}/*`] },
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    }),
  );
}

function lifecycle(base: EksBase, name: string, bucket: Bucket, isVersioned: BucketVersioning): void {
  const noncurrentVersionExpiration = { noncurrentDays: OLD_VERSION_DAYS };
  const abortIncompleteMultipartUpload = { daysAfterInitiation: BROKEN_UPLOAD_DAYS };
  new BucketLifecycleConfiguration(
    name,
    {
      bucket: bucket.id,
      rules: [
        {
          ...{ id: "snapshots", status: "Enabled", filter: { prefix: PREFIXES.snapshots } },
          ...{ expiration: { days: SNAPSHOT_DAYS }, noncurrentVersionExpiration, abortIncompleteMultipartUpload },
        },
        {
          ...{ id: "archive", status: "Enabled", filter: { prefix: PREFIXES.archive } },
          transitions: [{ days: ARCHIVE_COLD_AFTER_DAYS, storageClass: "GLACIER_IR" }],
          ...{ noncurrentVersionExpiration, abortIncompleteMultipartUpload },
        },
      ],
    },
    onAws(base, { dependsOn: [isVersioned] }),
  );
}

/** The pods that write to the bucket may do that and no more. No key of theirs exists anywhere. */
export function bucketIdentities(
  base: EksBase,
  places: { cluster: Cluster; bucket: Bucket; key: Key; namespace: string; serviceAccounts: readonly string[] },
): PodIdentityAssociation[] {
  const { cluster, bucket, key, namespace, serviceAccounts } = places;
  const { role } = makeRole(base, "snapshots", "pod", []);
  const policy = pulumi.all([bucket.arn, key.arn]).apply(([bucketArn, keyArn]) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource: `${bucketArn}/*` },
        { Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
        { Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: keyArn },
      ],
    }),
  );
  new RolePolicy(`${base.name}-snapshots`, { role: role.id, policy }, onAws(base));
  return serviceAccounts.map(
    (serviceAccount) =>
      new PodIdentityAssociation(
        `${base.name}-${serviceAccount}`,
        { clusterName: cluster.name, namespace, serviceAccount, roleArn: role.arn },
        onAws(base),
      ),
  );
}
