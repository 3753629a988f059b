/**
 * Purpose: why a response is a fallback and since when, and the baseline that forecasts where no
 * model can.
 * Invariants: reasons are a closed list and never change their meaning; a baseline is one of the
 * naive forecasters that every model was compared with, the best of them by a card, else by their
 * recent errors, with intervals from its own recent errors.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { baselineWithIntervals } from '../../../forecasting/models/baselines/baseline-intervals.ts';
import { bestRecentBaseline } from '../../../forecasting/models/baselines/best-recent.ts';
import { naiveForecasters } from '../../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import type { SeriesFlag } from '../../../forecasting/panel/series-flags.ts';

/** What is flagged of a series, and of the forecast that was made of it. */
export type SeriesFlagEntry = SeriesFlag | 'bounded';
export const BOUNDED_MEANING =
  'the forecast of the model was outside the plausibility bounds of the series, and a baseline ' +
  'is served instead';

/**
 * Reason → what it means, for people. The first five are of everything served, the others of one
 * series.
 */
export const FALLBACK_MEANINGS = {
  NO_CHAMPION: 'no model has been promoted: a baseline is served',
  MODEL_UNAVAILABLE:
    'the champion cannot be loaded or gives no usable forecast: the previous model is served, ' +
    'else a baseline',
  FEATURES_UNAVAILABLE: 'the newest snapshot cannot be read: the last good one is used',
  STORE_UNAVAILABLE: 'the store is unreachable: the last good forecast is served',
  FEATURES_STALE:
    'the last observed interval is older than allowed: the forecast starts in the past',
  WORKER_UNAVAILABLE:
    'the worker that forecasts ad-hoc histories is unavailable: a baseline is served',
  FORECAST_UNUSABLE:
    'the model has no usable forecast of this series (too few recent values): a baseline is served',
  FORECAST_OUT_OF_RANGE:
    'the forecast of the model is outside the plausibility bounds of this series: a baseline is ' +
    'served',
} as const;
export type FallbackReason = keyof typeof FALLBACK_MEANINGS;
export const FALLBACK_REASONS = Object.keys(FALLBACK_MEANINGS) as FallbackReason[];

export interface Fallback {
  readonly reason: FallbackReason;
  /** UTC epoch milliseconds. */
  readonly since: number;
}

/**
 * The version under which forecasts of a baseline are served: no model of the registry has such a
 * name.
 */
export const baselineVersion = ({ name }: Pick<Forecaster, 'name'>): string => `baseline-${name}`;

/**
 * @param metrics of a model card: group → forecaster → figures; the baseline of least MAE over all
 * series is the best
 * @param recent what decides where no card shows figures: the baseline that erred least on it
 */
export function baselineOf(
  domain: Domain,
  quantiles: readonly number[],
  metrics: unknown,
  recent: { readonly panel: Panel; readonly cutoff: number } | null = null,
): Forecaster {
  const { day, baseline } = seasonsOf(domain);
  const naive = naiveForecasters(baseline, domain.frequencyMinutes);
  const figures = allSeries(metrics);
  const errorOf = ({ name }: Forecaster): number => {
    const mae = figures[name]?.mae;
    return typeof mae === 'number' && Number.isFinite(mae) ? mae : Number.POSITIVE_INFINITY;
  };
  const best = naive.reduce((least, one) => (errorOf(one) < errorOf(least) ? one : least));
  const isKnown = errorOf(best) < Number.POSITIVE_INFINITY;
  const { point, season: week } =
    recent === null || isKnown
      ? { point: isKnown ? best : (naive.at(-1) as Forecaster), season: baseline }
      : bestRecentBaseline(recent.panel, recent.cutoff, domain);
  const { nonNegative, integerValued } = domain;
  return baselineWithIntervals(point, { quantiles, day, week, nonNegative, integerValued });
}

type Figures = Readonly<Record<string, { readonly mae?: unknown } | undefined>>;

const allSeries = (metrics: unknown): Figures =>
  (metrics as { all?: Figures } | null | undefined)?.all ?? {};
