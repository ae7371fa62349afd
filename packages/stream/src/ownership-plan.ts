/**
 * What a partition costs its owner: 1 for its clock tick and its lease, and so much more for each active key (car). Ten
 * frames and their commits a second cost some 20 times a tick; it is more than the number of partitions (64), so that no
 * number of idle partitions makes up for a car.
 */
const LOAD_PER_KEY = 100;

export function partitionLoad(activeKeys: number): number {
  return 1 + LOAD_PER_KEY * activeKeys;
}

export interface PlanMember {
  readonly memberId: string;
  /** False: it keeps what it has, but is given nothing. */
  readonly takesMore: boolean;
}

export interface PlanPartition {
  /** Whoever has it now. Of someone who is not among the members, or of nobody: it is shared out. */
  readonly ownerId: string | undefined;
  readonly load: number;
}

/**
 * Who should own each partition. Everyone works this out alone, from the members sorted by id and the same leases, and
 * so comes to the same answer without a leader.
 *
 * First what nobody has goes, heaviest first, to whoever carries least. Then, as long as one carries so much more than
 * another that a move makes the two more equal, the partition goes over that makes them most equal. Every move lowers the
 * sum of the squared loads, so it ends; and a plan that is carried out gives itself again, so nothing goes to and fro.
 *
 * The quota that comes of it: of two members that take more, the heavier one carries at most the load of its lightest
 * partition more than the other. With equal loads: each has the floor or the ceiling of its share.
 *
 * @param members sorted by id
 * @returns owner by partition; undefined where there is nobody who takes more.
 */
export function planOwners(
  members: readonly PlanMember[],
  partitions: readonly PlanPartition[],
): readonly (string | undefined)[] {
  const plan = partitions.map(({ ownerId }) =>
    members.some(({ memberId }) => memberId === ownerId) ? ownerId : undefined,
  );
  const takers = members.filter(({ takesMore }) => takesMore).map(({ memberId }) => memberId);
  if (takers.length === 0) return plan;
  const loads = new Map(members.map(({ memberId }) => [memberId, 0]));
  const add = (memberId: string, load: number) => loads.set(memberId, (loads.get(memberId) ?? 0) + load);
  partitions.forEach(({ load }, partition) => {
    const ownerId = plan[partition];
    if (ownerId !== undefined) add(ownerId, load);
  });
  const byLoad = () => takers.toSorted((left, right) => (loads.get(left) ?? 0) - (loads.get(right) ?? 0));

  const unowned = plan.flatMap((ownerId, partition) => (ownerId === undefined ? [partition] : []));
  const loadOf = (partition: number) => partitions[partition]?.load ?? 0;
  for (const partition of unowned.toSorted((left, right) => loadOf(right) - loadOf(left))) {
    const [lightest] = byLoad();
    if (lightest === undefined) break;
    plan[partition] = lightest;
    add(lightest, loadOf(partition));
  }

  for (;;) {
    const move = bestMove(byLoad(), loads, plan, loadOf);
    if (move === undefined) return plan;
    plan[move.partition] = move.to;
    add(move.from, -loadOf(move.partition));
    add(move.to, loadOf(move.partition));
  }
}

/** From the heaviest that can give to the lightest that is helped by it. */
function bestMove(
  ascending: readonly string[],
  loads: ReadonlyMap<string, number>,
  plan: readonly (string | undefined)[],
  loadOf: (partition: number) => number,
): { from: string; to: string; partition: number } | undefined {
  for (const from of ascending.toReversed()) {
    for (const to of ascending) {
      const difference = (loads.get(from) ?? 0) - (loads.get(to) ?? 0);
      if (difference <= 0) break;
      let best: number | undefined;
      let bestRest = difference;
      plan.forEach((ownerId, partition) => {
        if (ownerId !== from) return;
        const rest = Math.abs(difference - 2 * loadOf(partition));
        if (rest < bestRest) {
          best = partition;
          bestRest = rest;
        }
      });
      if (best !== undefined) return { from, to, partition: best };
    }
  }
  return undefined;
}
