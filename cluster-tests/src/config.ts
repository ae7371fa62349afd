import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { HarnessError } from "./harness-error.ts";

export type ProfileName = "short" | "full";

export interface ClusterTestConfig {
  readonly profile: ProfileName;
  readonly kubeconfigFile: string;
  /** Of the images under test: registry, repository and tag. */
  readonly images: { readonly registry: string; readonly repository: string; readonly tag: string };
}

interface Environment {
  readonly [name: string]: string | undefined;
}

/** Where helm and k6 may be beside the PATH. */
const TOOLS = join(homedir(), ".cache/burnline-tools/bin");

/** The only reader of the environment here. @throws HarnessError that says what to set */
export function clusterTestConfig(env: Environment = process.env): ClusterTestConfig {
  const profile = env.BURNLINE_CLUSTER_PROFILE ?? "full";
  if (profile !== "short" && profile !== "full")
    throw new HarnessError(`BURNLINE_CLUSTER_PROFILE is ${profile}: it must be short or full.`);
  const kubeconfigFile = env.KUBECONFIG ?? "";
  if (kubeconfigFile === "" || !existsSync(kubeconfigFile))
    throw new HarnessError(
      `KUBECONFIG ${kubeconfigFile === "" ? "is not set" : `names ${kubeconfigFile}, which is not there`}: the tests need ` +
        "a Kubernetes of their own with KEDA, of which they get the kubeconfig of an administrator. kind or k3s will do " +
        "(docs/deploy-any-kubernetes.md); with the images of npm run image loaded into it.",
    );
  return {
    ...{ profile, kubeconfigFile },
    images: { registry: "localhost", repository: "burnline", tag: env.BURNLINE_CLUSTER_IMAGE_TAG ?? "test" },
  };
}

/** For a program started from here: a secret goes this way, because a command line is for everybody to see. */
export function environmentWith(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}

/** @throws HarnessError when the command is nowhere */
export function findCommand(name: string, path: string = process.env.PATH ?? ""): string {
  const found = [...path.split(delimiter), TOOLS].map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new HarnessError(`${name} is not there: put it on the PATH.`);
  return found;
}
