import { createPrivateKey, createPublicKey } from "node:crypto";

/**
 * NATS' own encoding of Ed25519 keys: a prefix that says what the key is for, the key, CRC-16 (little endian), all in
 * base32 without padding. The tests compare it with @nats-io/nkeys, which has no way in for a seed of ours.
 */
const PREFIX_SEED = 18 << 3; // "S"
const PREFIX_USER = 20 << 3; // "U"
const SEED_BYTES = 32;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** PKCS #8 around a raw Ed25519 seed (RFC 8410, section 7): the only form in which Node takes one. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
/** SubjectPublicKeyInfo has the raw key at its end. */
const PUBLIC_KEY_BYTES = 32;

export interface UserKey {
  /** "SU…": the secret, as the client's seed file holds it. */
  readonly seed: string;
  /** "U…": what the server's configuration names. */
  readonly publicKey: string;
}

/** @param rawSeed 32 secret bytes; the same bytes are the same key. */
export function toUserKey(rawSeed: Uint8Array): UserKey {
  if (rawSeed.length !== SEED_BYTES) throw new Error(`A seed has ${SEED_BYTES} bytes, not ${rawSeed.length}.`);
  // The seed's prefix takes two bytes, because the kind of key (5 bits) stands behind it.
  const seedPrefix = [PREFIX_SEED | (PREFIX_USER >> 5), (PREFIX_USER & 31) << 3];
  return {
    seed: encodeWithChecksum([...seedPrefix, ...rawSeed]),
    publicKey: encodeWithChecksum([PREFIX_USER, ...publicKeyOf(rawSeed)]),
  };
}

function publicKeyOf(rawSeed: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, rawSeed]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-PUBLIC_KEY_BYTES);
}

function encodeWithChecksum(bytes: readonly number[]): string {
  const checksum = crc16(bytes);
  return base32([...bytes, checksum & 0xff, checksum >> 8]);
}

/** CRC-16/XMODEM: polynomial 0x1021, from 0. */
function crc16(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

function base32(bytes: readonly number[]): string {
  let text = "";
  let waiting = 0;
  let waitingBits = 0;
  for (const byte of bytes) {
    waiting = (waiting << 8) | byte;
    waitingBits += 8;
    while (waitingBits >= 5) {
      waitingBits -= 5;
      text += BASE32.charAt((waiting >> waitingBits) & 31);
    }
    waiting &= (1 << waitingBits) - 1;
  }
  return waitingBits > 0 ? text + BASE32.charAt((waiting << (5 - waitingBits)) & 31) : text;
}
