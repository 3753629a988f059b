/**
 * Purpose: the order of commits in their time stamps: what readers take for newer was committed
 * later.
 * Invariants: a stamp that is written is greater than every stamp of the head, whatever the clock
 * says; clocks that differ by no more than CLOCK_TOLERANCE_MS need no attention. Beyond that
 * nothing is written: with such a stamp in the store, everything true would have to be stamped in
 * the future.
 * Fails: CLOCK_BEHIND and CLOCK_AHEAD with both times and the manifest. They are one condition,
 * seen from two sides: nobody but a person can say which of two clocks is wrong.
 */
import { CLOCK_TOLERANCE_MS } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import { objectKeys } from '../objects/object-keys.ts';
import { type FeatureObject, filesOf, type Manifest } from './manifest.ts';

/** Whether a stamp lies in the future, beyond what clocks may differ by. */
export const isAhead = (stamp: number, now: number): boolean => stamp > now + CLOCK_TOLERANCE_MS;

/** The latest of some stamps; minus infinity for none. */
export const latestOf = (stamps: readonly number[]): number =>
  stamps.reduce((latest, stamp) => Math.max(latest, stamp), Number.NEGATIVE_INFINITY);

const availableIn = (head: Manifest | null): number =>
  latestOf(filesOf(head).map(({ availableAt }) => availableAt));

/** What is wrong with the stamps of the newest manifest at the time `now`, or null. */
export function aheadProblem(head: Manifest | null, now: number): string | null {
  if (head === null) return null;
  const newest = Math.max(head.committedAt, availableIn(head));
  return isAhead(newest, now)
    ? `Snapshot ${head.snapshotVersion} has a stamp of ${utcText(newest)}, but it is ` +
        `${utcText(now)} by this machine's clock`
    : null;
}

export const CLOCK_FIX =
  "If this machine's clock is wrong, set it right and run again. If it is right, the " +
  'snapshot was written by a machine whose clock was ahead: set that clock right, then run ' +
  '`headway store repair-clock`.';

/** Refuses to write where the clock is behind what the head says. */
export function refuseClockBehind(head: Manifest | null, now: number): void {
  const problem = aheadProblem(head, now);
  if (head === null || problem === null) return;
  throw new HeadwayError('CLOCK_BEHIND', `${problem}; nothing was written`, {
    where: objectKeys.manifest(head.domain, head.number),
    fix: CLOCK_FIX,
  });
}

/** Refuses objects that are said to have become known in the future. */
export function refuseAheadOfClock(
  objects: readonly Pick<FeatureObject, 'part' | 'availableAt'>[],
  now: number,
): void {
  const object = objects.find(({ availableAt }) => isAhead(availableAt, now));
  if (object === undefined) return;
  throw new HeadwayError(
    'CLOCK_AHEAD',
    `Part ${object.part} is stamped ${utcText(object.availableAt)}, but it is ${utcText(now)} by ` +
      `this machine's clock; nothing was committed`,
    { where: object.part, fix: "Set this machine's clock right and run again." },
  );
}

/** When the next entry after `head` is committed. */
export const nextCommittedAt = (head: Manifest | null, now: number): number =>
  head === null ? now : Math.max(now, head.committedAt + 1);

/**
 * The objects with stamps that follow on those of `head`: a run that took long, and one whose clock
 * is a little behind, come after what was committed before them.
 */
export function stampAfter<Stamped extends { readonly availableAt: number }>(
  head: Manifest | null,
  objects: readonly Stamped[],
): Stamped[] {
  const least = availableIn(head) + 1;
  return objects.map((object) =>
    object.availableAt >= least ? object : { ...object, availableAt: least },
  );
}
