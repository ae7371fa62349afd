import { SCALED_APPS } from "./app-names.ts";
import type { ConfigKeys } from "./config-keys.ts";
import { SIZES } from "./sizes.ts";

/** What the chart would refuse, or the API server, only after the servers are up: a sentence each. */
export function raceContradictions(keys: ConfigKeys): string[] {
  return [...preWarm(keys), ...imagesFrom(keys)];
}

function preWarm({ preWarm: times, autoscaling, size, environment, source }: ConfigKeys): string[] {
  if (times === undefined) return [];
  if (!autoscaling)
    return ["burnline:preWarm means nothing when burnline:autoscaling is false: pulumi config rm burnline:preWarm"];
  const { replicasMax } = SIZES[size ?? (environment === "prod" ? "race" : "small")];
  return SCALED_APPS.flatMap((app) => {
    const max = app === "ingest" && source === "sim" ? 1 : replicasMax[app];
    return (times[app] ?? []).flatMap(({ start, end, replicas }) => {
      if (replicas > max)
        return `burnline:preWarm asks for ${replicas} of ${app}, of which there are ${max} at most: lower it, or pulumi config set burnline:size race`;
      return start === end ? `burnline:preWarm of ${app} starts and ends at "${start}": give it an end of its own` : [];
    });
  });
}

/** Of the images that we know; those of charts are known to the charts only. */
function imagesFrom({ imagesFrom: places, imageRegistry, imageRepository, ...keys }: ConfigKeys): string[] {
  if (places === undefined) return [];
  const own = [`${imageRegistry}/${imageRepository}/`];
  const images = keys.dependencies === "bundled" ? [...own, keys.natsImage, keys.redisImage] : own;
  return images
    .filter((image) => !places.some((place) => image.startsWith(place)))
    .map((image) => {
      const more = [...places, image.slice(0, image.lastIndexOf("/") + 1)].join(",");
      return `burnline:imagesFrom keeps out ${image}, which this stack runs: pulumi config set burnline:imagesFrom ${more}`;
    });
}
