import { STACK_LABEL } from "./labels.ts";
import type { ClusterFacts } from "./preflight.ts";

/**
 * Races are defined once in a cluster, for all stacks in it: whoever finds no definition brings it, and it outlives the
 * stack that brought it. Which of the two a stack did stands at its namespace, which lives as long as the stack does.
 */
const RACES_LABEL = "burnline.dev/races";
const RACES_API = "burnline.dev/v1alpha1";

export function racesLabel(hasRaces: boolean): Readonly<Record<string, string>> {
  return { [RACES_LABEL]: hasRaces ? "found" : "brought" };
}

/** The definition is there, and not by this stack. */
export function hasRacesOfOthers({ apiVersions, namespace }: ClusterFacts, stack: string): boolean {
  if (!apiVersions.has(RACES_API)) return false;
  const isOurs = namespace?.labels[STACK_LABEL] === stack;
  return !isOurs || namespace?.labels[RACES_LABEL] === "found";
}
