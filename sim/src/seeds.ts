/**
 * Seeds that every `npm test` runs. The first ones are plain; each of the others once broke an invariant and says which.
 */
export const PLAIN_SEEDS: readonly number[] = Array.from({ length: 24 }, (_, index) => index + 1);

export const FAILED_SEEDS: readonly { readonly seed: number; readonly minutes: number; readonly found: string }[] = [
  {
    seed: 26,
    minutes: 2,
    found:
      "I5: the time of the last tick was not part of the state, so a restored car seemed silent for one tick longer",
  },
];
