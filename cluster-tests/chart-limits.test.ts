import { readFileSync } from "node:fs";
import { CLIENTS_MAX } from "@burnline/gateway";
import { expect, test } from "vitest";
import { parse } from "yaml";

interface Values {
  readonly gateway: { readonly autoscaling: { readonly clients: number } };
}

/** Clients come in waves, and a new gateway takes some seconds to be there. */
const FULL_SHARE_MAX = 0.75;

test("a gateway is joined by another one before it turns clients away", () => {
  const values = parse(readFileSync(new URL("../charts/burnline/values.yaml", import.meta.url), "utf8")) as Values;
  expect(values.gateway.autoscaling.clients).toBeLessThanOrEqual(FULL_SHARE_MAX * CLIENTS_MAX);
});
