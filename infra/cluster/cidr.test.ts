import fc from "fast-check";
import { expect, test } from "vitest";
import { subnetOf } from "./cidr.ts";

const toNumber = (cidr: string) =>
  (cidr.split("/")[0] ?? "").split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);

test("blocks are those that one counts by hand", () => {
  expect(subnetOf("10.40.0.0/16", 4, 1)).toBe("10.40.16.0/20");
  expect(subnetOf("10.40.0.0/16", 1, 1)).toBe("10.40.128.0/17");
  expect(subnetOf("192.168.7.0/24", 8, 255)).toBe("192.168.7.255/32");
});

test("blocks of a network lie in it, one behind the other, and never overlap", () => {
  const network = fc.tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 8, max: 24 }), fc.integer({ min: 1, max: 6 }));
  fc.assert(
    fc.property(network, ([first, second, prefix, bits]) => {
      const base = `${first}.${second}.0.0/${prefix}`;
      const blocks = Array.from({ length: 2 ** bits }, (_, index) => subnetOf(base, bits, index));
      const size = 2 ** (32 - prefix - bits);
      const start = Math.floor(toNumber(base) / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
      expect(blocks.map(toNumber)).toEqual(blocks.map((_, index) => start + index * size));
      expect(blocks.every((block) => block.endsWith(`/${prefix + bits}`))).toBe(true);
    }),
  );
});

test("a block that a network does not have is refused", () => {
  expect(() => subnetOf("10.40.0.0/16", 4, 16)).toThrow("10.40.0.0/16 has no block 16 of /20.");
  expect(() => subnetOf("10.40.0.0/30", 4, 0)).toThrow("10.40.0.0/30 has no block 0 of /34.");
});
