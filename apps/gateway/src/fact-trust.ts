import type { Estimate, Fact } from "@burnline/contract";
import type { GatewayMetrics } from "./gateway-metrics.ts";

/** Counts how far the numbers of a fact can be trusted: the model's weight in them, and those that are left out. */
export function countTrust(
  { body, provenance }: Fact,
  metrics: Pick<GatewayMetrics, "observeModelShare" | "countWithheld">,
): void {
  const isMeasured = body.case === "lap" || body.case === "stint" || body.case === "stage";
  if (isMeasured) metrics.observeModelShare(provenance?.modelShare ?? 0);
  for (const estimate of estimatesOf(body)) if (estimate?.reason) metrics.countWithheld(estimate.reason);
}

function estimatesOf(body: Fact["body"]): readonly (Estimate | undefined)[] {
  switch (body.case) {
    case "lap":
      return [body.value.burnKg];
    case "stint":
    case "stage":
      return [body.value.totals?.burnKg];
    case "strategy":
      return [body.value.levelKg, body.value.lapsLeft];
    default:
      return [];
  }
}
