/**
 * Purpose: the seasons of a grid by role, from its frequency and the season lengths that a domain
 * names.
 * Invariants: every role is a whole number of intervals. Of a grid finer than a day the short
 * season is the day; of a daily one the week. What the naive baselines repeat is the longest season
 * up to a week, of a coarser grid the longest there is: four weeks ago says less of today than last
 * week does.
 * Fails: a RangeError where a domain names no season.
 */

const MINUTES_A_DAY = 1440;
const MINUTES_A_WEEK = 7 * MINUTES_A_DAY;

/** Season lengths in intervals. */
export interface Seasons {
  /** The shortest season: cutoffs lie apart by no divisor of it. */
  readonly short: number;
  /** What the naive baselines and MASE repeat. */
  readonly baseline: number;
  /** The recent span of the model inputs: a day, or one interval of a grid no finer than that. */
  readonly day: number;
  /** The season whose shape the model inputs describe. */
  readonly week: number;
  /** Weekdays without an interval (closed-days.ts); absent: none. */
  readonly closedWeekdays?: readonly number[];
}

export interface SeasonRules {
  readonly frequencyMinutes: number;
  /** In intervals, shortest first. */
  readonly seasonLengths: readonly number[];
  readonly closedWeekdays?: readonly number[];
}

export function seasonsOf({
  frequencyMinutes,
  seasonLengths,
  closedWeekdays,
}: SeasonRules): Seasons {
  const short = seasonLengths[0];
  const longest = seasonLengths[seasonLengths.length - 1];
  if (short === undefined || longest === undefined)
    throw new RangeError('a domain names at least one season length');
  const isWithinWeek = (length: number) => length * frequencyMinutes <= MINUTES_A_WEEK;
  const baseline = seasonLengths.findLast(isWithinWeek) ?? longest;
  const day = frequencyMinutes < MINUTES_A_DAY ? short : 1;
  const closed = closedWeekdays === undefined ? {} : { closedWeekdays };
  return { short, baseline, day, week: baseline, ...closed };
}

/** What four seasons are called, for names of forecasters. */
export function seasonNoun(
  frequencyMinutes: number,
  season: number,
): 'weeks' | 'years' | 'seasons' {
  const days = (season * frequencyMinutes) / MINUTES_A_DAY;
  if (days === 7) return 'weeks';
  return days >= 360 && days <= 372 ? 'years' : 'seasons';
}
