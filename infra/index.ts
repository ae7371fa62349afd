import * as pulumi from "@pulumi/pulumi";
import { readClusterFacts } from "./cluster-facts.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { readPermissionsFile } from "./nats-permissions.ts";
import { digestOfFile } from "./platform/chart-source.ts";
import { burnlinePlatform } from "./program.ts";
import { askRegistry } from "./registry.ts";
import { readStackConfig, stackName } from "./stack-config.ts";

// What Pulumi runs (Pulumi.yaml, main): the program with everything that it asks of the machine. Tests run the program
// itself, under mocks (testing.ts).

const outputs = await burnlinePlatform(readStackConfig(), {
  stackName: stackName(),
  readKubeconfig,
  readClusterFacts,
  ...{ digestOfFile, askRegistry },
  warn: (message) => void pulumi.log.warn(message),
  readNatsPermissions: () =>
    readPermissionsFile(new URL("../charts/burnline/files/nats-permissions.json", import.meta.url)),
});

// Each export is an output of the stack.
export const { kubeconfig, namespace, race, url, ingestToken, commands } = outputs;
