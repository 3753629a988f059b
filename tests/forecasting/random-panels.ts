/**
 * Purpose: small panels for tests of forecasting: random ones with every trouble that real series
 * have, and ones from a formula.
 * Invariants: the same description gives the same panel.
 * Fails: never.
 */
import fc from 'fast-check';
import { type FeatureSpec, featureSizes } from '../../forecasting/features.ts';
import { createPanel, type Panel } from '../../forecasting/panel.ts';
import { seededRandom } from '../../runtime/random.ts';

export const HOUR = 3_600_000;
/** A Monday, midnight in UTC; the weeks after it hold New York's change to summer time. */
export const START = Date.UTC(2023, 1, 20);

export const toySpec: FeatureSpec = {
  place: { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } },
  frequencyMinutes: 60,
  day: 24,
  week: 168,
  horizon: 24,
  nonNegative: true,
  integerValued: false,
};

/** Hourly panel of `length` intervals whose values a formula gives. */
export function panelOf(
  ids: readonly string[],
  length: number,
  valueAt: (series: number, t: number) => number,
): Panel {
  const target = Float32Array.from({ length: ids.length * length }, (_, i) =>
    valueAt(Math.floor(i / length), i % length),
  );
  return createPanel({
    seriesIds: ids,
    start: START,
    frequencyMinutes: 60,
    length,
    columns: { target },
  });
}

/** How far a window reaches back, up to and including its cutoff. */
export const HISTORY = featureSizes(toySpec).historyIntervals;
/** How much of that a window must have to be learnt from. */
export const TRAINING_HISTORY = featureSizes(toySpec).trainingHistory;
/** What serving keeps. */
export const KEPT_ONLINE = 28 * 168;

export interface PanelDescription {
  readonly seed: number;
  readonly series: number;
  readonly length: number;
  /** Mean of the values. */
  readonly scale: number;
  readonly gapShare: number;
  readonly zeroShare: number;
  readonly negative: boolean;
}

export const panelDescription = (length: number): fc.Arbitrary<PanelDescription> =>
  fc.record({
    seed: fc.nat(),
    series: fc.integer({ min: 1, max: 3 }),
    length: fc.constant(length),
    scale: fc.constantFrom(1e-3, 0.2, 1, 40, 1e5),
    gapShare: fc.constantFrom(0, 0, 0.05, 0.6),
    zeroShare: fc.constantFrom(0, 0.3, 0.95, 1),
    negative: fc.boolean(),
  });

/**
 * Values with a daily wave, noise, single gaps, a gap of days, zeros, and (last series) nothing
 * before its last 100 hours.
 */
export function randomPanel({
  seed,
  series,
  length,
  scale,
  gapShare,
  zeroShare,
  negative,
}: PanelDescription): Panel {
  const random = seededRandom(seed);
  const ids = Array.from({ length: series }, (_, s) => `s${s}`);
  const outage = Math.floor(random() * length);
  return panelOf(ids, length, (s, t) => {
    const [gap, zero, noise] = [random(), random(), random()];
    const isOutage = gapShare > 0 && t >= outage && t < outage + 60;
    const isUnborn = series > 1 && s === series - 1 && t < length - 100;
    if (gap < gapShare || isOutage || isUnborn) return Number.NaN;
    if (zero < zeroShare) return 0;
    return (
      scale * (1 + Math.sin((2 * Math.PI * t) / 24) + noise) * (negative && noise > 0.5 ? -1 : 1)
    );
  });
}

/** The panel with every value after grid index `cutoff` replaced. */
export function changedAfter(panel: Panel, cutoff: number, valueAt: (t: number) => number): Panel {
  const target = panel.columns.target.map((value, i) =>
    i % panel.length > cutoff ? valueAt(i) : value,
  );
  return { ...panel, columns: { target } };
}

/** The last `intervals` of a panel. */
export function lastOf(panel: Panel, intervals: number): Panel {
  const first = panel.length - intervals;
  const target = panel.columns.target.filter((_, i) => i % panel.length >= first);
  return { ...panel, start: panel.start + first * HOUR, length: intervals, columns: { target } };
}
