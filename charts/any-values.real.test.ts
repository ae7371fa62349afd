import fc from "fast-check";
import { expect, test } from "vitest";
import {
  POD_DELIVERY_RULES,
  POD_SECURITY_RULES,
  podViolations,
  SET_RULES,
  schemaViolations,
  setViolations,
} from "./src/index.ts";
import { renderChart } from "./src/testing/helm-render.ts";
import { validValues } from "./src/testing/valid-values.ts";

/** What others make, in all cases. */
const EXTERNAL = ["burnline-redis", "burnline-ingest", "a-secret", "s3", "tls"].map((name) => `Secret/${name}`);
/** One run of helm takes a tenth of a second, on a busy machine half of one. */
const RUNS = 25;

test("whatever valid values say, every rule is kept", () => {
  fc.assert(
    fc.property(
      validValues,
      fc.constantFrom("burnline", "r", "a-release-with-a-long-name-of-its-own"),
      (values, release) => {
        const objects = renderChart(values, { release, namespace: "race-day" });
        const policy = { requireDigest: "digests" in values.image };
        expect(podViolations(objects, [...POD_SECURITY_RULES, ...POD_DELIVERY_RULES], policy)).toEqual([]);
        expect(setViolations(objects, SET_RULES, { external: EXTERNAL })).toEqual([]);
        expect(schemaViolations(objects)).toEqual([]);
      },
    ),
    { numRuns: RUNS },
  );
});
