import * as pulumi from "@pulumi/pulumi";
import type { RawConfig } from "./config.ts";

/** Of this exact version of @pulumi/pulumi: there, but not in its types. */
interface SecretKnowing {
  isConfigSecret(key: string): boolean;
}

/** The settings of the stack that Pulumi runs. */
export function readStackConfig(): RawConfig {
  const values = pulumi.runtime.allConfig();
  const { isConfigSecret } = pulumi.runtime as unknown as SecretKnowing;
  return { values, secretKeys: new Set(Object.keys(values).filter(isConfigSecret)) };
}

/** No two stacks of a state backend have the same. */
export function stackName(): string {
  return `${pulumi.getOrganization()}.${pulumi.getProject()}.${pulumi.getStack()}`;
}
