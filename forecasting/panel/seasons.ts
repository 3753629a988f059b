/**
 * Purpose: the two seasons everything looks at, from the season lengths that a domain names.
 * Invariants: the shortest is the day, the longest the week; a domain with one season has both
 * alike.
 * Fails: never; a domain names at least one season.
 */

/** Season lengths in intervals. */
export interface Seasons {
  readonly day: number;
  readonly week: number;
}

/** @param seasonLengths in intervals, shortest first */
export const seasonsOf = ({
  seasonLengths,
}: {
  readonly seasonLengths: readonly number[];
}): Seasons => ({
  day: seasonLengths[0] as number,
  week: seasonLengths[seasonLengths.length - 1] as number,
});
