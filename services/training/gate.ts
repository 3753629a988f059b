/**
 * Purpose: the gate: may this challenger become champion?
 * Invariants: only evidence out of sample counts; the challenger must beat the best naive baseline and the reigning champion,
 * by more than the uncertainty of the comparison; the verdict carries its numbers.
 * Fails: a RangeError (from the comparison) where there are too few cutoffs to say anything.
 */
import type { BacktestResult, ForecasterResult } from '../../forecasting/backtest.ts';
import { type Comparison, compare } from '../../forecasting/comparison.ts';

export interface GateVerdict {
  readonly promoted: boolean;
  /** One sentence for people. */
  readonly reason: string;
  readonly comparisons: readonly Comparison[];
}

export const CHAMPION = 'champion';
const NAIVE = ['last_value', 'seasonal_naive', 'mean_4_weeks'];

export function judge(result: BacktestResult, challengerName: string): GateVerdict {
  const named = (name: string) => result.forecasts.find((forecast) => forecast.name === name);
  const challenger = named(challengerName) as ForecasterResult;
  const naive = NAIVE.flatMap((name) => named(name) ?? []).map((reference) => compare(result, challenger, reference));
  // The best naive baseline is the one the challenger gains least on.
  const bestNaive = naive.reduce((best, next) => (next.skill < best.skill ? next : best));
  const champion = named(CHAMPION);
  const comparisons = champion ? [bestNaive, compare(result, challenger, champion)] : [bestNaive];
  const failed = comparisons.find((comparison) => !comparison.isBetter);
  const percent = (skill: number) => `${Math.abs(100 * skill).toFixed(1)} % ${skill >= 0 ? 'better' : 'worse'}`;
  const words = ({ reference, skill, statistic, threshold }: Comparison) =>
    `${percent(skill)} than ${reference} (t ${statistic.toFixed(2)}, needs ${threshold.toFixed(2)})`;
  const reason = failed ? `not promoted: ${words(failed)}` : `promoted: ${comparisons.map(words).join('; ')}`;
  return { promoted: failed === undefined, reason, comparisons };
}
