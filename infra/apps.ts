import { type ChartSurroundings, chartValues } from "./chart-values.ts";
import { makeChart } from "./platform/chart.ts";
import { makeSecret, type Place } from "./platform/place.ts";
import { INGEST_TOKEN_SECRET, type Ready } from "./platform/servers.ts";

/** From infra/, where Pulumi runs the program. */
const CHART = "../charts/burnline";
export const RELEASE = "burnline";

/** The apps of one race, with everything that they need already there. @param ingestToken absent: in the store of secrets */
export function raceApps(
  place: Place,
  surroundings: ChartSurroundings,
  ingestToken: string | undefined,
  needed: readonly Ready[],
): void {
  const { config, cluster, namespace } = place;
  const token = ingestToken === undefined ? [] : [makeSecret(place, INGEST_TOKEN_SECRET, { token: ingestToken })];
  makeChart(
    cluster,
    RELEASE,
    {
      ...{ chart: CHART, name: RELEASE, namespace, values: { ...chartValues(config, surroundings) } },
      // To make what is there already is refused, and only after the servers are up.
      ...(cluster.hasRaces ? { skipCrds: true } : {}),
    },
    { dependsOn: [...token, ...needed] },
  );
}
