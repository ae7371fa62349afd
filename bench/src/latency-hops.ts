import { factDigest } from "./chain-race.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import type { RaceReplay, SeenFact } from "./race-replay.ts";
import type { TapeItem } from "./race-tape.ts";

/** The way of a window's first result, from the window's end on. */
export interface LatencyHops {
  /** Window end → the frame that closes it is due at the ingest: its own rest, the bound for disorder, the way there. */
  readonly untilDue: Distribution;
  /** … → sent. The measuring process was late by as much. */
  readonly untilSent: Distribution;
  /** … → in the race log, through the ingest. */
  readonly untilLogged: Distribution;
  /** … → in the fact log: read, worked on, committed, relayed. */
  readonly untilSaid: Distribution;
  /** … → at the subscription. */
  readonly untilSeen: Distribution;
  /** Fact log → WebSocket client, in place of the hop before. */
  readonly untilShown: Distribution;
}

export interface MeasuredWindows {
  /** Window end → first result at the subscription. */
  readonly first: Distribution;
  /** Window end → the last revision that came at all: late samples, if any, are in it. */
  readonly last: Distribution;
  /** Window end → first result at the WebSocket client. */
  readonly shown: Distribution;
  readonly hops: LatencyHops;
  /** Revisions beyond the first. */
  readonly corrections: number;
}

export interface Race {
  readonly replay: RaceReplay;
  readonly seen: readonly SeenFact[];
  /** When each window was first shown to a WebSocket client, if there was one. */
  readonly shown: ReadonlyMap<string, number>;
}

export interface Measured {
  /** Windows that end in it count. */
  readonly span: { readonly fromMs: number; readonly untilMs: number };
  readonly tape: readonly TapeItem[];
  /** When each item of the tape was sent. */
  readonly sentMs: Float64Array;
  readonly races: readonly Race[];
}

const HOPS = ["untilDue", "untilSent", "untilLogged", "untilSaid", "untilSeen", "untilShown"] as const;
type Hop = (typeof HOPS)[number];

export function measureWindows({ span, tape, sentMs, races }: Measured): MeasuredWindows {
  const hops: Record<Hop, number[]> = {
    ...{ untilDue: [], untilSent: [], untilLogged: [], untilSaid: [], untilSeen: [], untilShown: [] },
  };
  const [first, shownTimes]: [number[], number[]] = [[], []];
  const last = new Map<string, number>();
  const firstCopy = firstCopies(tape);
  let revisions = 0;
  races.forEach(({ replay, seen, shown }, race) => {
    // Of a fact that came again the first counts.
    const byDigest = new Map(seen.toReversed().map((fact) => [factDigest(fact.subject, fact.payload), fact]));
    for (const { car, startMs, endMs, revision, digest, loggedMs, sequence } of replay.windows) {
      const fact = byDigest.get(digest);
      if (endMs <= span.fromMs || endMs > span.untilMs || fact === undefined) continue;
      revisions++;
      last.set(`${race}:${car}:${startMs}`, fact.seenMs - endMs);
      if (revision > 0) continue;
      first.push(fact.seenMs - endMs);
      hops.untilSaid.push(fact.saidMs - loggedMs);
      hops.untilSeen.push(fact.seenMs - fact.saidMs);
      const shownMs = shown.get(`${car}:${startMs}`);
      if (shownMs !== undefined) {
        shownTimes.push(shownMs - endMs);
        hops.untilShown.push(shownMs - fact.saidMs);
      }
      const index = firstCopy.get(`${race}:${car}:${sequence}`);
      // A window can also end by a tick, when its car has fallen silent.
      if (index === undefined) continue;
      const [dueMs, itemSentMs] = [tape[index]?.dueMs ?? 0, sentMs[index] ?? 0];
      hops.untilDue.push(dueMs - endMs);
      hops.untilSent.push(itemSentMs - dueMs);
      hops.untilLogged.push(loggedMs - itemSentMs);
    }
  });
  return {
    first: distributionOf(first),
    last: distributionOf([...last.values()]),
    shown: distributionOf(shownTimes),
    hops: Object.fromEntries(HOPS.map((hop) => [hop, distributionOf(hops[hop])])) as Record<Hop, Distribution>,
    corrections: revisions - first.length,
  };
}

/** Index of the first copy of each frame. */
function firstCopies(tape: readonly TapeItem[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  tape.forEach(({ race, car, sequence }, index) => {
    const key = `${race}:${car}:${sequence}`;
    if (!first.has(key)) first.set(key, index);
  });
  return first;
}
