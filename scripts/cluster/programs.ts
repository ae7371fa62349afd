import { homedir } from "node:os";
import { delimiter } from "node:path";
import { findProgram, goFolders } from "../../packages/runtime/src/program-path.ts";
import { ClusterError } from "./cluster-error.ts";
import { programFolders } from "./config.ts";

const INSTALL = {
  "nats-server":
    "install it with `go install github.com/nats-io/nats-server/v2@v2.15.2`, `brew install nats-server`, or from https://github.com/nats-io/nats-server/releases",
  "redis-server":
    "install it with `apt-get install redis-server` or `brew install redis`; Valkey's redis-server does as well",
} as const;

/** On the PATH, or where `go install` puts programs. @throws ClusterError that says how to get it */
export function findServer(name: keyof typeof INSTALL): string {
  const { path, goPath } = programFolders();
  const program = findProgram([name], [...path.split(delimiter), ...goFolders(goPath, homedir())]);
  if (program === undefined)
    throw new ClusterError(`${name} is not on the PATH nor among Go's programs: ${INSTALL[name]}.`);
  return program;
}
