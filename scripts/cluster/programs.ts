import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { programFolders } from "./config.ts";

const INSTALL = {
  "nats-server":
    "install it with `go install github.com/nats-io/nats-server/v2@v2.15.2`, `brew install nats-server`, or from https://github.com/nats-io/nats-server/releases",
  "redis-server":
    "install it with `apt-get install redis-server` or `brew install redis`; Valkey's redis-server does as well",
} as const;

/** On the PATH, or where `go install` puts programs. @throws ClusterError that says how to get it */
export function findProgram(name: keyof typeof INSTALL): string {
  const { path, goPath } = programFolders();
  const goFolders = [goPath, join(homedir(), "go")].flatMap((folder) => (folder ? [join(folder, "bin")] : []));
  for (const folder of [...path.split(delimiter), ...goFolders]) {
    if (folder !== "" && isExecutable(join(folder, name))) return join(folder, name);
  }
  throw new ClusterError(`${name} is not on the PATH nor among Go's programs: ${INSTALL[name]}.`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
