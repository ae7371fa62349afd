import type { Provider } from "@pulumi/aws/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { EksConfig } from "../../platform-config.ts";

/** What every part of the AWS side is told. */
export interface EksBase {
  readonly config: EksConfig;
  readonly provider: Provider;
  /** First part of every name. */
  readonly name: string;
  readonly isProtected: boolean;
  /** prod pays for a NAT gateway in each zone, private endpoints and longer logs. */
  readonly isProd: boolean;
  /** aws, aws-cn or aws-us-gov: no ARN is written out without it. */
  readonly partition: pulumi.Output<string>;
}

export function onAws({ provider }: EksBase, options: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
  return { provider, ...options };
}

/** What cannot be made again from elsewhere. */
export function statefulOnAws(base: EksBase, options: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
  return onAws(base, { protect: base.isProtected, ...options });
}

/** Logs of the control plane and of the network, in days. */
export function logDays({ isProd }: EksBase): number {
  return isProd ? 90 : 7;
}
