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
/** Helm lets no release have a longer name; Kubernetes no Service, and no ScaledObject, since KEDA makes it a label. */
const RELEASE_LENGTH_MAX = 53;
const NAME_LENGTH_MAX = 63;
/** One run of helm takes a tenth of a second, on a busy machine half of one. */
const RUNS = 25;

test("whatever valid values say, every rule is kept", () => {
  fc.assert(
    fc.property(validValues, fc.constantFrom("burnline", "r", "r".repeat(RELEASE_LENGTH_MAX)), (values, release) => {
      const objects = renderChart(values, { release, namespace: "race-day" });
      const named = objects.filter(({ kind }) => ["Service", "ScaledObject"].includes(kind));
      expect(named.filter(({ metadata }) => metadata.name.length > NAME_LENGTH_MAX)).toEqual([]);
      const policy = { requireDigest: "digests" in values.image };
      expect(podViolations(objects, [...POD_SECURITY_RULES, ...POD_DELIVERY_RULES], policy)).toEqual([]);
      expect(setViolations(objects, SET_RULES, { external: EXTERNAL })).toEqual([]);
      expect(schemaViolations(objects)).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
