import { type ChartSurroundings, chartValues } from "./chart-values.ts";
import { makeChart } from "./platform/chart.ts";
import { makeSecret, type Place } from "./platform/place.ts";
import { INGEST_TOKEN_SECRET, type Ready, VIEWER_KEYS_SECRET } from "./platform/servers.ts";
import type { PlatformSecrets } from "./secrets.ts";

/** From infra/, where Pulumi runs the program. */
const CHART = "../charts/burnline";
export const RELEASE = "burnline";

/** The apps of one race, with everything that they need already there. @param secrets absent: a store has what they hold */
export function raceApps(
  place: Place,
  surroundings: ChartSurroundings,
  secrets: PlatformSecrets | undefined,
  needed: readonly Ready[],
): void {
  const { config, cluster, namespace } = place;
  const made = secrets === undefined ? [] : appSecrets(place, secrets);
  makeChart(
    cluster,
    RELEASE,
    {
      ...{ chart: CHART, name: RELEASE, namespace, values: { ...chartValues(config, surroundings) } },
      // To make what is there already is refused, and only after the servers are up.
      ...(cluster.hasRaces ? { skipCrds: true } : {}),
    },
    { dependsOn: [...made, ...needed] },
  );
}

function appSecrets(place: Place, { ingestToken, viewerKey }: PlatformSecrets): Ready[] {
  return [
    makeSecret(place, INGEST_TOKEN_SECRET, { token: ingestToken }),
    ...(place.config.hasViewerTokens ? [makeSecret(place, VIEWER_KEYS_SECRET, { keys: viewerKey })] : []),
  ];
}
