/** How many sequence numbers behind the highest are remembered one by one. At 10 frames/s: 25.6 s. */
export const DEDUPE_WINDOW = 256;

const WORDS = DEDUPE_WINDOW / 32;

/** Which source sequences of a key were seen: the highest, and one bit for each of the 256 below it. Plain data. */
export interface SeenSequences {
  highest: number;
  /** Bit (highest - sequence - 1) tells whether that sequence was seen; words of 32 bits, nearest first. */
  bits: number[];
}

/** "expired": so far behind that it cannot be told from a duplicate; counts as one. */
export type Novelty = "new" | "duplicate" | "expired";

export function createSeenSequences(): SeenSequences {
  return { highest: -1, bits: new Array<number>(WORDS).fill(0) };
}

/** Tells whether a sequence is new, and remembers it. */
export function observeSequence(seen: SeenSequences, sequence: number): Novelty {
  if (sequence > seen.highest) {
    shift(seen, sequence - seen.highest);
    seen.highest = sequence;
    return "new";
  }
  if (sequence === seen.highest) return "duplicate";
  const age = seen.highest - sequence - 1;
  if (age >= DEDUPE_WINDOW) return "expired";
  const word = age >>> 5;
  const mask = 1 << (age & 31);
  const bits = seen.bits[word] ?? 0;
  if ((bits & mask) !== 0) return "duplicate";
  seen.bits[word] = bits | mask;
  return "new";
}

/** The source began to count anew (a reboot): forget the old numbers, remember this one. */
export function restartSequences(seen: SeenSequences, sequence: number): void {
  seen.highest = sequence;
  seen.bits.fill(0);
}

/**
 * Makes room for `count` newer numbers; the former highest becomes a bit. Word by word for any count: on a link with
 * disorder every other frame jumps over some numbers.
 */
function shift({ bits, highest }: SeenSequences, count: number): void {
  const words = Math.floor(count / 32);
  const rest = count % 32;
  for (let word = WORDS - 1; word >= 0; word--) {
    const from = word - words;
    const moved = from >= 0 ? (bits[from] ?? 0) << rest : 0;
    const carried = from >= 1 && rest > 0 ? (bits[from - 1] ?? 0) >>> (32 - rest) : 0;
    bits[word] = moved | carried;
  }
  if (highest >= 0) setBit(bits, count - 1);
}

function setBit(bits: number[], age: number): void {
  if (age >= DEDUPE_WINDOW) return;
  bits[age >>> 5] = (bits[age >>> 5] ?? 0) | (1 << (age & 31));
}
