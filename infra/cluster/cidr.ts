const BITS = 32;

/** The n-th block that is `newBits` smaller: 10.40.0.0/16, 4, 1 -> 10.40.16.0/20. @throws when there is no such block */
export function subnetOf(cidr: string, newBits: number, index: number): string {
  const [address = "", prefix = ""] = cidr.split("/");
  const length = Number(prefix) + newBits;
  if (length > BITS || index >= 2 ** newBits) throw new Error(`${cidr} has no block ${index} of /${length}.`);
  const base = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (BITS - length);
  const start = Math.floor(base / 2 ** (BITS - Number(prefix))) * 2 ** (BITS - Number(prefix)) + index * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".")}/${length}`;
}
