import type * as pulumi from "@pulumi/pulumi";

const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";
const CLAIMS = "spec.volumeClaimTemplates";

/**
 * Kubernetes changes no claims of a StatefulSet, so the provider would delete it with all its servers and make another,
 * whose volumes are the old ones and no larger. They are enlarged by hand (docs/operations.md, BurnlineVolumeFull); what
 * else hangs on the size, such as what streams may take, follows the setting. For those of charts too.
 */
export const keepClaims: pulumi.ResourceTransform = ({ custom, type, props, opts }) => {
  if (!custom || type !== STATEFUL_SET) return undefined;
  return { props, opts: { ...opts, ignoreChanges: [...(opts.ignoreChanges ?? []), CLAIMS] } };
};
