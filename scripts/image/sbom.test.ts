import { expect, test } from "vitest";
import { repeatableSbom, sha256Of } from "./sbom.ts";

const AT = "2026-11-25T12:00:00Z";

function listed(change: { timestamp?: string; serial?: string; folder?: string; part?: string } = {}): string {
  const { timestamp = "2026-01-01T00:00:00Z", serial = "1", folder = "clone", part = "ws" } = change;
  return JSON.stringify({
    ...{ bomFormat: "CycloneDX", serialNumber: `urn:uuid:${serial}` },
    metadata: { timestamp, component: { name: folder, version: "0.1.0" } },
    components: [{ name: part }],
  });
}

test("the same parts of the same commit make the same list, whenever and wherever it is made", () => {
  const first = repeatableSbom(listed(), "gateway", AT);
  const second = repeatableSbom(
    listed({ timestamp: "2027-01-01T00:00:00Z", serial: "2", folder: "other" }),
    "gateway",
    AT,
  );
  expect(sha256Of(second)).toBe(sha256Of(first));
});

test("other parts make another list with another number", () => {
  const first = JSON.parse(repeatableSbom(listed(), "gateway", AT));
  const second = JSON.parse(repeatableSbom(listed({ part: "redis" }), "gateway", AT));
  expect(second.serialNumber).not.toBe(first.serialNumber);
  expect(first.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("the list is of the app and keeps every part", () => {
  const bom = JSON.parse(repeatableSbom(listed(), "gateway", AT));
  expect(bom.metadata.component).toEqual({ name: "burnline-gateway", version: "0.1.0" });
  expect(bom.components).toEqual([{ name: "ws" }]);
});
