/**
 * Purpose: how improbable a value is at an interval, by the same hours of earlier weeks, and how
 * improbable a run must be.
 * Invariants: in nats (the negative logarithm of a probability), so that a run adds up; 0 where
 * nothing is known of earlier weeks.
 * Fails: never.
 */
import { createReferences, readReferences, type Window } from '../window.ts';

const HOURS_A_YEAR = 8766;
/**
 * Nats beyond those of every interval of every series in a year. Far more than independent draws
 * need: events come in bursts, and a quiet week in a stadium is not a closure.
 */
const MARGIN = 16;

/**
 * Chance does not explain a run beyond this many nats, with all series and a year of intervals
 * looked at.
 */
export const runLimit = (window: Window): number =>
  MARGIN + Math.log(window.seriesIds.length * HOURS_A_YEAR * (3_600_000 / window.intervalMs) + 1);

/** Nats of seeing `value` in this interval, or 0 on a day that is not a plain day. */
export const surprise = (window: Window, series: number, t: number, value: number): number =>
  window.isQuiet[t] === 1 ? 0 : rarity(window, series, t, value);

/** Nats of seeing `value` in this interval. The hours next to it count as references too. */
export function rarity(window: Window, series: number, t: number, value: number): number {
  const references = createReferences();
  let [count, equal] = [0, 0];
  const reach = window.day > 1 ? 1 : 0;
  for (let near = t - reach; near <= t + reach; near++) {
    if (near < 0) continue;
    readReferences(window, series, near, references);
    count += references.count;
    for (let i = 0; i < references.count; i++) if (references.values[i] === value) equal++;
  }
  // Half a case more, so that what never happened is improbable and not impossible, and zeros of a
  // series that is nearly always zero are certain.
  if (count === 0) return 0;
  return value === 0
    ? -Math.log((equal + 0.5) / (count + 0.5))
    : -Math.log((equal + 0.5) / (count + 1));
}
