/**
 * Purpose: the weekdays on which a daily grid has no interval: what is unknown there is no gap, and
 * nothing is forecast of them.
 * Invariants: weekdays are those of the timestamp in UTC, which names the day of a calendar grid; 1
 * is Monday and 7 Sunday, as in Temporal.
 * Fails: never.
 */
import { type Panel, timestampAt } from './panel.ts';

const DAY_MS = 86_400_000;

/** Whether the day that starts at `timestamp` (epoch ms) is one of the closed weekdays. */
export function isClosedDay(
  timestamp: number,
  closedWeekdays: readonly number[] | undefined,
): boolean {
  if (closedWeekdays === undefined || closedWeekdays.length === 0) return false;
  const day = Math.floor(timestamp / DAY_MS);
  // 1970-01-01 was a Thursday.
  return closedWeekdays.includes(1 + ((((day + 3) % 7) + 7) % 7));
}

/**
 * Those of the timestamps (epoch ms) that are not a closed day, by their place in the list: all of
 * them where nothing is closed.
 */
export function openPlaces(
  timestamps: readonly number[],
  closedWeekdays: readonly number[] | undefined,
): number[] {
  return [...timestamps.keys()].filter(
    (place) => !isClosedDay(timestamps[place] as number, closedWeekdays),
  );
}

/** Those of the `horizon` steps after a cutoff that are on no closed day; 0 is the first step. */
export function openSteps(
  panel: Panel,
  cutoff: number,
  horizon: number,
  closedWeekdays: readonly number[] | undefined,
): number[] {
  const all = Array.from({ length: horizon }, (_, k) => timestampAt(panel, cutoff + 1 + k));
  return openPlaces(all, closedWeekdays);
}
