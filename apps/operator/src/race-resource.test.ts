import { readFileSync } from "node:fs";
import { CARS_MAX, SAMPLE_RATE_HZ_MAX } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { plan } from "./race-plan.ts";
import { CONDITIONS, PHASES, parseRace, RACE_API } from "./race-resource.ts";
import { observed, race, SETTINGS, START_MS } from "./testing/race-day.ts";

const ROOT = new URL("../../../", import.meta.url);
const CRD = new URL("charts/burnline/crds/races.burnline.dev.yaml", ROOT);

const SPEC = {
  track: "daytona",
  start: "2026-02-15T14:30:00-05:00",
  durationMinutes: 180,
  expectedCars: 40,
  sampleRateHz: 120,
};
const METADATA = {
  ...{ name: "daytona", namespace: "burnline", uid: "u", generation: 3, resourceVersion: "17" },
  creationTimestamp: "2026-02-14T00:00:00Z",
};
const resource = (spec: object = {}, rest: object = {}) => ({
  metadata: METADATA,
  spec: { ...SPEC, ...spec },
  ...rest,
});
function read(given: object) {
  const parsed = parseRace(given);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

test("a Race is read with its defaults, and its start in its own zone", () => {
  expect(read(resource())).toMatchObject({
    ...{ raceId: "daytona", generation: 3, status: undefined },
    spec: { startMs: START_MS, warmUpMinutes: 60, retentionDays: 3, feed: "push", isArchived: true },
  });
});

test("the race id is the name unless the spec says another", () => {
  expect(read(resource({ raceId: "Daytona_500" })).raceId).toBe("Daytona_500");
  expect(parseRace({ ...resource(), metadata: { ...METADATA, name: "day.tona" } })).toMatchObject({
    ...{ ok: false, error: expect.stringMatching(/^day\.tona is no race id: set spec\.raceId/) },
  });
});

test.each(["docs/operations.md", "docs/deploy-eks.md", "apps/operator/README.md"])(
  "the Race that %s says to apply is that of a release whose id nobody set",
  (page) => {
    const text = readFileSync(new URL(page, ROOT), "utf8");
    const given = parse(/^apiVersion: burnline\.dev[\s\S]*?(?=^(```|END))/m.exec(text)?.[0] ?? "");
    const { race: release } = parse(readFileSync(new URL("charts/burnline/values.yaml", ROOT), "utf8"));
    expect(read({ ...given, metadata: { ...METADATA, ...given.metadata } }).raceId).toBe(release.id);
  },
);

test.each([{ start: "tomorrow" }, { expectedCars: 0 }, { expectedCars: CARS_MAX + 1 }, { track: undefined }])(
  "%j is refused in a sentence",
  (spec) => {
    expect(parseRace(resource(spec))).toMatchObject({ ok: false, error: expect.stringMatching(/^The Race is not as/) });
  },
);

test("what a plan writes is read back as it was", () => {
  const { status } = plan(race(), observed(), SETTINGS, START_MS);
  expect(read(resource({}, { status: JSON.parse(JSON.stringify(status)) })).status).toEqual(status);
});

test("a status of somebody else is none", () => {
  expect(read(resource({}, { status: { phase: "Flying" } })).status).toBeUndefined();
});

describe("the definition in the chart", () => {
  const crd = parse(readFileSync(CRD, "utf8"));
  const [version] = crd.spec.versions;
  const { spec, status } = version.schema.openAPIV3Schema.properties;

  test("is the one that we watch", () => {
    expect({ group: crd.spec.group, version: version.name, plural: crd.spec.names.plural }).toEqual(RACE_API);
    expect(version.subresources).toEqual({ status: {} });
  });

  test("has our phases and room for our conditions", () => {
    expect(status.properties.phase.enum).toEqual(PHASES);
    expect(status.properties.conditions.maxItems).toBeGreaterThanOrEqual(CONDITIONS.length);
  });

  test("prunes nothing that a plan writes", () => {
    const { status: written } = plan(race(), observed(), SETTINGS, START_MS);
    for (const key of Object.keys(written)) expect(Object.keys(status.properties)).toContain(key);
    for (const key of Object.keys(written.conditions[0]!))
      expect(Object.keys(status.properties.conditions.items.properties)).toContain(key);
  });

  test("has our defaults and limits", () => {
    const { properties, required } = spec;
    expect(required.toSorted()).toEqual(Object.keys(SPEC).toSorted());
    const read1 = read(resource()).spec;
    expect(properties.warmUpMinutes.default).toBe(read1.warmUpMinutes);
    expect(properties.retentionDays.default).toBe(read1.retentionDays);
    expect(properties.feed.default).toBe(read1.feed);
    expect(properties.expectedCars.maximum).toBe(CARS_MAX);
    expect(properties.sampleRateHz.maximum).toBe(SAMPLE_RATE_HZ_MAX);
  });

  test("gives every rule a message", () => {
    const rules = [...spec["x-kubernetes-validations"], ...spec.properties.feed["x-kubernetes-validations"]];
    for (const { message } of rules) expect(message).toMatch(/^[a-zA-Z].{20,}$/);
  });
});
