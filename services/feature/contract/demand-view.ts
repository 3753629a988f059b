/**
 * Purpose: what the data contract looks at in a panel: the total of every interval, and what the
 * past weeks let expect of it.
 * Invariants: an interval's expectation is the median of the same local hour of the four weeks
 * before, of which three must be known; it never uses the interval itself or anything later. A
 * total is NaN where a feed covers nothing.
 * Fails: never for a valid panel.
 */
import type { Domain } from '../../../domains/domain.ts';
import { type Calendar, createCalendar, localLag } from '../../../forecasting/features/calendar.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import type { RecentDemand } from '../recent-panel.ts';
import type { PartName } from './verdict.ts';

export const REFERENCE_WEEKS = 4;
const MIN_WEEKS = 3;

/** A part of this run, and the time it covers. */
export interface FreshPart extends PartName {
  readonly span: { readonly start: number; readonly end: number };
}

export interface DemandView extends RecentDemand {
  /** Intervals in an hour (a share of one on a coarser grid), a day (at least one) and a week. */
  readonly hour: number;
  readonly day: number;
  readonly week: number;
  readonly calendar: Calendar;
  /**
   * Events, whatever their sign, of all series; where an absent row means unknown: known values.
   */
  readonly totals: Float64Array;
  readonly expected: Float64Array;
  /** Index of the first and after the last fresh interval; both 0 where there is none. */
  readonly firstFresh: number;
  readonly pastFresh: number;
  /** Weeks known before the first fresh interval. */
  readonly weeksBefore: number;
  readonly countsEvents: boolean;
  /** The parts of this run. */
  readonly parts: readonly FreshPart[];
  /** The parts of this run that speak of [from, to). */
  partsIn(from: number, to: number): PartName[];
}

export function viewDemand(
  domain: Domain,
  recent: RecentDemand,
  parts: readonly FreshPart[],
): DemandView {
  const { panel, fresh, covered } = recent;
  const hour = 60 / panel.frequencyMinutes;
  const week = 168 * hour;
  const calendar = createCalendar(panel.start, panel.frequencyMinutes, panel.length, domain);
  const countsEvents = domain.missing === 'zero';
  const totals = totalsOf(panel, covered, countsEvents);
  const firstFresh = Math.max(0, fresh.indexOf(1));
  let before = 0;
  for (let t = 0; t < firstFresh; t++) before += covered[t] as number;
  return {
    ...recent,
    hour,
    day: Math.max(1, 24 * hour),
    week,
    calendar,
    totals,
    expected: Float64Array.from(totals, (_, t) => expectedAt(totals, calendar, t, week)),
    firstFresh,
    pastFresh: fresh.lastIndexOf(1) + 1,
    weeksBefore: before / week,
    countsEvents,
    parts,
    partsIn: (from, to) =>
      parts
        .filter(
          ({ span }) => span.start < timestampAt(panel, to) && span.end > timestampAt(panel, from),
        )
        .map(({ feed, name }) => ({ feed, name })),
  };
}

function totalsOf(panel: Panel, covered: Uint8Array, countsEvents: boolean): Float64Array {
  const totals = Float64Array.from(covered, (isCovered) => (isCovered ? 0 : Number.NaN));
  const { target } = panel.columns;
  for (let first = 0; first < target.length; first += panel.length) {
    for (let t = 0; t < panel.length; t++) {
      const value = target[first + t] as number;
      if (!Number.isNaN(value)) (totals[t] as number) += countsEvents ? Math.abs(value) : 1;
    }
  }
  return totals;
}

/** The same local hour of the weeks before. */
export function lagsOf(calendar: Calendar, t: number, week: number): number[] {
  const lags: number[] = [];
  for (let k = 1; k <= REFERENCE_WEEKS; k++) {
    const lag = localLag(calendar, t, k * week);
    if (lag >= 0) lags.push(lag);
  }
  return lags;
}

function expectedAt(totals: Float64Array, calendar: Calendar, t: number, week: number): number {
  const known = lagsOf(calendar, t, week)
    .map((lag) => totals[lag] as number)
    .filter((value) => !Number.isNaN(value));
  return known.length < MIN_WEEKS ? Number.NaN : median(known);
}

/** The middle of `values`, which must not be empty. */
export function median(values: readonly number[] | Float64Array): number {
  // Numbers in an array of numbers are sorted without a call for each pair.
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
