import { Chart } from "@pulumi/kubernetes/helm/v4/index.js";
import type * as pulumi from "@pulumi/pulumi";
import { type ChartSurroundings, chartValues } from "./chart-values.ts";
import { makeSecret, type Place } from "./platform/place.ts";
import { INGEST_TOKEN_SECRET } from "./platform/servers.ts";

/** From infra/, where Pulumi runs the program. */
const CHART = "../charts/burnline";
export const RELEASE = "burnline";

/** The apps of one race, with everything that they need already there. */
export function raceApps(place: Place, surroundings: ChartSurroundings, needed: readonly pulumi.Resource[]): Chart {
  const { config, cluster, secrets, namespace } = place;
  const token = makeSecret(place, INGEST_TOKEN_SECRET, { token: secrets.ingestToken });
  return new Chart(
    RELEASE,
    { chart: CHART, name: RELEASE, namespace, values: { ...chartValues(config, surroundings) } },
    { provider: cluster.provider, dependsOn: [token, ...needed] },
  );
}
