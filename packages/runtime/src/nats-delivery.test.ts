import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDelivery } from "./nats-delivery.ts";

const DELIVERY = fc.record({
  deliveries: fc.integer({ min: 1, max: 1e6 }),
  position: fc.integer({ min: 1, max: 1e12 }),
  deliverySequence: fc.integer({ min: 1, max: 1e12 }),
  appendedAtMs: fc.integer({ min: 1, max: 4e12 }),
  pending: fc.integer({ min: 0, max: 1e12 }),
});

test("a delivery is read from both layouts of its reply subject, every number in its place", () => {
  fc.assert(
    fc.property(DELIVERY, fc.integer({ min: 0, max: 999_999 }), (delivery, belowMsNs) => {
      const { deliveries, position, deliverySequence, appendedAtMs, pending } = delivery;
      const timeNs = `${appendedAtMs}${belowMsNs}`.padEnd(`${appendedAtMs}`.length + 6, "0");
      const numbers = `${deliveries}.${position}.${deliverySequence}.${timeNs}.${pending}`;
      expect(parseDelivery(`$JS.ACK.RACE-r.inference.${numbers}`)).toEqual(delivery);
      expect(parseDelivery(`$JS.ACK.hub.ACCOUNT.RACE-r.inference.${numbers}`)).toEqual(delivery);
      expect(parseDelivery(`$JS.ACK.hub.ACCOUNT.RACE-r.inference.${numbers}.token`)).toEqual(delivery);
    }),
  );
});

test("a status is no delivery", () => {
  expect(parseDelivery(undefined)).toBeUndefined();
  expect(parseDelivery("_INBOX.abc.1")).toBeUndefined();
  expect(parseDelivery("$JS.ACK.RACE-r")).toBeUndefined();
});
