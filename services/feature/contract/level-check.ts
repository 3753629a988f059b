/**
 * Purpose: whether the values of a series are at another level than in the same hours of the past
 * weeks: another unit, a wrong factor.
 * Invariants: levels are medians over the same hours. On a ratio scale they are compared by their
 * factor. On an interval scale, where zero does not mean nothing and a factor has no meaning
 * (temperatures, net loads), by their difference, in units of how far such medians and values
 * usually stray. Without four known weeks before it nothing refuses data.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { type DemandView, lagsOf, median, REFERENCE_WEEKS } from './demand-view.ts';
import { judged, type Measured, type Verdict } from './verdict.ts';

const MIN_VALUES = 12;
/** Smaller counts jump by chance. */
const MIN_COUNT = 10;
const EARLIER_WINDOWS = 14;
const MIN_WINDOWS = 4;
/** Median absolute deviations to a standard deviation of a normal distribution. */
const MAD_TO_DEVIATION = 1.4826;

interface Window {
  readonly from: number;
  readonly to: number;
}

export function levelVerdict(domain: Domain, view: DemandView, window: Window): Verdict {
  const measured: Measured[] = [];
  const lags = lagsIn(view, window);
  for (const [series, id] of view.panel.seriesIds.entries()) {
    const levels = levelsOf(view, series, window, lags);
    if (levels === null) continue;
    const isInterval = domain.scale === 'interval' || hasBothSigns(levels);
    const found = isInterval
      ? differenceOf(view, series, window, levels)
      : factorOf(levels, domain.integerValued);
    if (found === null) continue;
    measured.push({
      value: found.value,
      detail:
        `${id}: median ${levels.now.toPrecision(4)}, in the weeks before ` +
        `${levels.before.toPrecision(4)} (${found.text})`,
      parts: view.partsIn(window.from, window.to),
      onlyWarn: found.onlyWarn || view.weeksBefore < REFERENCE_WEEKS,
    });
  }
  return judged(
    domain,
    'level',
    measured,
    'no series with four known weeks before, and values far enough from zero',
  );
}

interface Levels {
  readonly now: number;
  readonly before: number;
  readonly values: Float64Array;
  readonly references: Float64Array;
}

/** The same local hours of the four weeks before. */
const lagsIn = (view: DemandView, { from, to }: Window): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) =>
    lagsOf(view.calendar, from + i, view.week),
  ).flat();

/** Null where too little is known. */
function levelsOf(
  view: DemandView,
  series: number,
  { from, to }: Window,
  lags: readonly number[],
): Levels | null {
  const { length, columns } = view.panel;
  const row = columns.target.subarray(series * length, (series + 1) * length);
  const isKnown = (value: number) => !Number.isNaN(value);
  const values = Float64Array.from(row.subarray(from, to).filter(isKnown));
  if (values.length < MIN_VALUES) return null;
  const references = Float64Array.from(lags, (t) => row[t] as number).filter(isKnown);
  if (references.length < REFERENCE_WEEKS * MIN_VALUES) return null;
  return { now: median(values), before: median(references), values, references };
}

function hasBothSigns({ values, references }: Levels): boolean {
  const all = [values, references];
  return all.some((some) => some.some((v) => v < 0)) && all.some((some) => some.some((v) => v > 0));
}

interface Found {
  readonly value: number;
  readonly text: string;
  readonly onlyWarn: boolean;
}

function factorOf({ now, before }: Levels, isCount: boolean): Found | null {
  // A sign or a zero has no factor.
  const least = Math.min(Math.abs(now), Math.abs(before));
  if (!(now * before > 0) || (isCount && least < MIN_COUNT)) return null;
  const value = Math.max(now / before, before / now);
  const how = Math.abs(now) > Math.abs(before) ? 'higher' : 'lower';
  return { value, text: `${value.toFixed(2)} times ${how}`, onlyWarn: false };
}

function differenceOf(
  view: DemandView,
  series: number,
  { from, to }: Window,
  { now, before, references }: Levels,
): Found {
  const strays: number[] = [];
  for (let days = 1; days <= EARLIER_WINDOWS; days++) {
    const window = { from: from - days * view.day, to: to - days * view.day };
    if (window.from < 0) break;
    const earlier = levelsOf(view, series, window, lagsIn(view, window));
    if (earlier !== null) strays.push(Math.abs(earlier.now - earlier.before));
  }
  const ofValues = median(references.map((value) => Math.abs(value - before)));
  const ofLevels = strays.length < MIN_WINDOWS ? 0 : median(strays);
  const spread = MAD_TO_DEVIATION * Math.max(ofValues, ofLevels);
  // Values that never changed have no spread; their first change is worth a word, and no more.
  const least = Math.max(Math.abs(before) / 100, Number.MIN_VALUE);
  const difference = Math.abs(now - before);
  const value = difference / Math.max(spread, least);
  const how = `${difference.toPrecision(3)} ${now > before ? 'higher' : 'lower'}`;
  return {
    value,
    text: `${how}, ${value.toFixed(1)} times the usual spread`,
    onlyWarn: spread < least,
  };
}
