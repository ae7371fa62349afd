import type { Metrics } from "@burnline/runtime";
import { CONDITIONS, type Race, WARM_APPS } from "./race-resource.ts";

const OUTCOMES = ["unchanged", "changed", "conflict", "failed"] as const;

export type OperatorMetrics = ReturnType<typeof createOperatorMetrics>;

/** Named in the README, for alerts. */
export function createOperatorMetrics(metrics: Metrics) {
  const leader = metrics.gauge({
    name: "operator_leader_state",
    help: "1 while this operator works, 0 while it waits",
  });
  const races = metrics.gauge({ name: "operator_races_count", help: "Races in the namespace" });
  const queue = metrics.gauge({ name: "operator_queue_keys_count", help: "Races that wait to be looked at" });
  const dropped = metrics.gauge({
    name: "operator_queue_dropped_keys",
    help: "Races that found no place in the queue",
  });
  const condition = metrics.gauge({
    ...{ name: "operator_race_condition_state", help: "1 true, 0 false, -1 unknown" },
    labels: ["race", "condition"],
  });
  const warm = metrics.gauge({
    ...{ name: "operator_warm_replicas_count", help: "Replicas that a race asks for" },
    labels: ["race", "app"],
  });
  const reconciled = metrics.counter({
    ...{ name: "operator_reconciles_total", help: "Looks at a Race, by what came of them" },
    labels: ["outcome"],
    fromZero: OUTCOMES.map((outcome) => ({ outcome })),
  });
  const duration = metrics.histogram({ name: "operator_reconcile_seconds", help: "One look at a Race" });
  let shown: readonly string[] = [];
  return {
    leader: (isLeader: boolean) => leader.set(isLeader ? 1 : 0),
    queue: (size: number, droppedKeys: number) => {
      queue.set(size);
      dropped.set(droppedKeys);
    },
    races: (all: readonly Race[]) => {
      races.set(all.length);
      const raceIds = all.map(({ raceId }) => raceId);
      for (const race of shown.filter((raceId) => !raceIds.includes(raceId))) {
        for (const app of WARM_APPS) warm.remove({ race, app });
        for (const type of CONDITIONS) condition.remove({ race, condition: type });
      }
      shown = raceIds;
      // Of two with one race id the older one counts, which comes first.
      for (const { raceId, status } of all.toReversed()) {
        for (const app of WARM_APPS) warm.set(status?.warm[app] ?? 0, { race: raceId, app });
        for (const type of CONDITIONS) {
          const held = status?.conditions.find((one) => one.type === type)?.status;
          condition.set(held === "True" ? 1 : held === "False" ? 0 : -1, { race: raceId, condition: type });
        }
      }
    },
    reconciled: (outcome: (typeof OUTCOMES)[number]) => reconciled.add(1, { outcome }),
    startTimer: () => duration.startTimer(),
  };
}
