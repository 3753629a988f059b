/**
 * Purpose: a month of daily verdicts on simulated challengers, for `npm run bench:gate` and its
 * test.
 * Invariants: the verdicts and their levels are those of the gate itself; the same random numbers
 * give the same month.
 * Fails: as the gate does.
 */
import type { BacktestResult } from '../../forecasting/evaluation/backtest.ts';
import { nextLevel } from '../../services/training/error-budget.ts';
import { CHAMPION, judge } from '../../services/training/gate.ts';

export interface Month {
  readonly days: number;
  /** Steps of a forecast. */
  readonly horizon: number;
  /**
   * The losses of a challenger vary on their own (`fresh`, another seed every day), or as
   * yesterday's did (`same`).
   */
  readonly challengers: 'fresh' | 'same';
  /** Correlation of the loss from hour to hour. */
  readonly correlation: number;
  /** By how much of the champion's loss a challenger is better from `betterFrom` on. */
  readonly lead: number;
  readonly betterFrom: number;
  /** false: every verdict at 5 %, as if it were the only one. */
  readonly hasBudget: boolean;
}

export const EQUAL: Month = {
  ...{ days: 30, horizon: 24, challengers: 'fresh', correlation: 0 },
  ...{ lead: 0, betterFrom: 0, hasBudget: true },
};

const DAY_MS = 86_400_000;
const TEST_HOURS = 28 * 24;
const CUTOFF_STEP = 25;
/**
 * Of a forecaster's loss in one hour, as a share of its mean: two fits of the network on loads that
 * differ in nothing but the seed differ by 0.045 at a cutoff of 24 hours, hence 0.16 √2 an hour.
 */
const HOURLY_NOISE = 0.16;

/** The day of the first promotion, from 0; null where nobody was promoted. */
export function firstPromotion(month: Month, random: () => number): number | null {
  const hours = TEST_HOURS + month.days * 24;
  const process = () => noise(hours, month.correlation, random);
  const champion = process();
  let challenger = process();
  const log: { at: number; kind: 'rejected'; evidence: { level: number } }[] = [];
  for (let day = 0; day < month.days; day++) {
    if (month.challengers === 'fresh' && day > 0) challenger = process();
    const lead = day >= month.betterFrom ? month.lead : 0;
    const level = nextLevel(log, day * DAY_MS);
    const result = resultAt(day * 24, month.horizon, champion, challenger, lead);
    const evidence = month.hasBudget ? { level } : {};
    if (judge(result, 'network', evidence).promoted) return day;
    log.push({ at: day * DAY_MS, kind: 'rejected', evidence: { level } });
  }
  return null;
}

/** The backtest over the 28 days from hour `start` on. */
function resultAt(
  start: number,
  horizon: number,
  champion: Float32Array,
  challenger: Float32Array,
  lead: number,
): BacktestResult {
  const cutoffs: number[] = [];
  for (let c = start; c + horizon <= start + TEST_HOURS; c += CUTOFF_STEP) cutoffs.push(c);
  const losses = (level: number, of: Float32Array) =>
    Float32Array.from({ length: cutoffs.length * horizon }, (_, i) => {
      const hour = (cutoffs[Math.floor(i / horizon)] as number) + (i % horizon);
      return level * (1 + HOURLY_NOISE * (of[hour] as number));
    });
  const quantiles = [0.5];
  return {
    ...{ seriesIds: ['a'], cutoffs, horizon },
    actuals: new Float32Array(cutoffs.length * horizon),
    forecasts: [
      { name: 'mean_4_weeks', quantiles, values: losses(1.4, champion) },
      { name: CHAMPION, quantiles, values: losses(1, champion) },
      { name: 'network', quantiles, values: losses(1 - lead, challenger) },
    ],
  };
}

/** An AR(1) of standard deviation 1; normal draws by Box & Muller. */
function noise(length: number, correlation: number, random: () => number): Float32Array {
  const innovation = Math.sqrt(1 - correlation ** 2);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let last = normal();
  return Float32Array.from({ length }, () => {
    const value = last;
    last = correlation * last + innovation * normal();
    return value;
  });
}
