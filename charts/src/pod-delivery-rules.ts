import type { PodRule } from "./pod-rules.ts";
import { perContainer } from "./pod-security-rules.ts";
import { parseQuantity } from "./quantity.ts";

/** What a container needs beside the JavaScript heap, at the least: buffers, threads, code. */
const BESIDE_HEAP_BYTES_MIN = 64 * 1024 ** 2;

/** How pods take their place, are asked how they are, and go. For pods on the latency path. */
export const POD_DELIVERY_RULES: readonly PodRule[] = [
  {
    name: "asks for what it needs",
    faults: ({ spec }) =>
      perContainer(spec, ({ resources }) => {
        const missing = ["cpu", "memory"].filter((kind) => parseQuantity(resources?.requests?.[kind]) === undefined);
        return missing.length === 0 ? undefined : `no request of ${missing.join(" and ")}`;
      }),
  },
  {
    name: "the memory it asked for is its limit",
    faults: ({ spec }) =>
      perContainer(spec, ({ resources }) => {
        const limit = parseQuantity(resources?.limits?.memory);
        const request = parseQuantity(resources?.requests?.memory);
        return limit !== undefined && (request ?? limit) === limit ? undefined : "limits.memory is not requests.memory";
      }),
  },
  {
    name: "no limit on CPU",
    faults: ({ spec }) =>
      perContainer(spec, ({ resources }) =>
        resources?.limits?.cpu === undefined ? undefined : "limits.cpu would throttle it",
      ),
  },
  {
    name: "the heap fits in",
    faults: ({ spec }) =>
      perContainer(spec, ({ env = [], resources }) => {
        const options = env.find(({ name }) => name === "NODE_OPTIONS")?.value ?? "";
        const heapMiB = /--max-old-space-size=(\d+)\b/.exec(options)?.[1];
        if (heapMiB === undefined) return "NODE_OPTIONS has no --max-old-space-size";
        const limit = parseQuantity(resources?.limits?.memory);
        const isRoomy = limit !== undefined && Number(heapMiB) * 1024 ** 2 + BESIDE_HEAP_BYTES_MIN <= limit;
        return isRoomy ? undefined : `a heap of ${heapMiB} MiB leaves no room below the memory limit`;
      }),
  },
  {
    name: "probes ask different things",
    faults: ({ spec }) =>
      spec.containers.flatMap(({ name, startupProbe, readinessProbe, livenessProbe }) => {
        if (!startupProbe || !readinessProbe || !livenessProbe) return [`${name}: a probe is missing`];
        const [ready, live] = [readinessProbe.httpGet?.path, livenessProbe.httpGet?.path];
        if (live === undefined || ready === undefined) return [`${name}: a probe does not ask over HTTP`];
        if (live === ready)
          return [`${name}: liveness asks ${live}, which readiness asks: it would check dependencies`];
        const patience = (probe: typeof livenessProbe) => (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3);
        return patience(livenessProbe) > patience(readinessProbe)
          ? []
          : [`${name}: liveness gives up before readiness does`];
      }),
  },
  {
    name: "there is time to stop",
    faults: ({ spec, labels }, { stopSecondsMax }) => {
      const graceSeconds = spec.terminationGracePeriodSeconds ?? 30;
      return perContainer(spec, ({ lifecycle }) => {
        const sleepSeconds = lifecycle?.preStop?.sleep?.seconds ?? 0;
        if (sleepSeconds <= 0) return "no preStop sleep: it would go before anybody knows";
        const needSeconds = sleepSeconds + stopSecondsMax(labels);
        return needSeconds < graceSeconds
          ? undefined
          : `preStop and stop take ${needSeconds} s, terminationGracePeriodSeconds is ${graceSeconds}`;
      });
    },
  },
  {
    name: "spread over zones and nodes",
    faults: ({ spec }) =>
      ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].flatMap((key) => {
        const spread = spec.topologySpreadConstraints?.find(({ topologyKey }) => topologyKey === key);
        if (spread === undefined) return [`not spread over ${key}`];
        return spread.matchLabelKeys?.includes("pod-template-hash")
          ? []
          : [`the spread over ${key} does not tell versions apart (matchLabelKeys)`];
      }),
  },
];
