import { KubeConfig } from "@kubernetes/client-node";
import type { ExistingConfig } from "./platform-config.ts";

/** The kubeconfig cannot be used: one sentence, with the command that mends it. */
export class KubeconfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KubeconfigError";
  }
}

/**
 * The kubeconfig of one context as text: what else a user's kubeconfig holds, and changes, is none of the stack's
 * business. Files that it names become absolute paths.
 * @throws KubeconfigError when there is none, or no such context
 */
export function readKubeconfig({ kubeconfig, context }: ExistingConfig): string {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromString(kubeconfig);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(
      `The kubeconfig cannot be read (${why}): pulumi config set --secret burnline:kubeconfig < kubeconfig.yaml`,
      { cause: error },
    );
  }
  return oneContext(config, context);
}

/** What the client makes up when it finds no kubeconfig at all. */
const MADE_UP_CONTEXT = "loaded-context";

function oneContext(config: KubeConfig, context: string | undefined): string {
  const name = context ?? config.getCurrentContext();
  if (name === MADE_UP_CONTEXT)
    throw new KubeconfigError(
      "There is no kubeconfig, neither in KUBECONFIG nor in ~/.kube/config: pulumi config set --secret burnline:kubeconfig < kubeconfig.yaml",
    );
  const found = config.getContextObject(name);
  const cluster = found && config.getCluster(found.cluster);
  const user = found && config.getUser(found.user);
  if (found === null || found === undefined || cluster === null || user === null || cluster === undefined) {
    const names = config.getContexts().map((known) => known.name);
    const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
    throw new KubeconfigError(
      `The kubeconfig has no context ${JSON.stringify(name)} that is whole, ${known}: pulumi config set burnline:context NAME`,
    );
  }
  const one = new KubeConfig();
  one.loadFromOptions({ clusters: [cluster], users: [user], contexts: [found], currentContext: name });
  return one.exportConfig();
}
