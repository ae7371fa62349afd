import { connect } from "node:net";
import { APPS } from "./app-names.ts";
import type { PlatformConfig } from "./platform-config.ts";

/** A registry is a few milliseconds away, or across an ocean. */
const ANSWER_MS_MAX = 5_000;
const HTTPS_PORT = 443;
/** What a machine calls itself: images under it were put on the nodes by hand. */
const NO_REGISTRY = "localhost";

/** @returns why nobody answers there; undefined: somebody does */
export type AskRegistry = (registry: string) => Promise<string | undefined>;

/** Only whether a connection is taken: who may pull what is between the cluster and the registry. */
export const askRegistry: AskRegistry = async (registry) => {
  const { hostname, port } = new URL(`https://${registry}`);
  return await new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || HTTPS_PORT) });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(ANSWER_MS_MAX, () => end(`no answer within ${ANSWER_MS_MAX / 1_000} s`));
    socket.once("connect", () => end(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
};

/**
 * A registry that cannot be reached would show after the servers are up, as pods that wait for their images.
 * @param onNodes images that are there already
 */
export async function registryProblems(
  { images, hasOperator, hasRegistryCheck }: PlatformConfig,
  onNodes: ReadonlySet<string>,
  ask: AskRegistry,
): Promise<string[]> {
  const { registry, repository, pullPolicy } = images;
  if (!hasRegistryCheck || pullPolicy === "Never" || registry === NO_REGISTRY) return [];
  const names = [...onNodes];
  const isThere = (app: string) => names.some((name) => name.startsWith(`${registry}/${repository}/${app}`));
  const apps = APPS.filter((app) => app !== "operator" || hasOperator);
  if (pullPolicy === "IfNotPresent" && apps.every(isThere)) return [];
  const reason = await ask(registry);
  if (reason === undefined) return [];
  return [
    `The registry ${registry} does not answer (${reason}), so no pod would get its image: pulumi config set burnline:imageRegistry ANOTHER; or, if only the cluster reaches it, pulumi config set burnline:imageRegistryCheck false`,
  ];
}
