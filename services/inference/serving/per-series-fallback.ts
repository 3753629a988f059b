/**
 * Purpose: series that the model gives no forecast that may be shown get one of the baseline, and
 * are remembered with the reason.
 * Invariants: only those series change; a series that was replaced before for the same reason keeps
 * the time since when; one that even the baseline cannot forecast (too few values to say anything
 * honest) stays without a forecast.
 * Fails: never.
 */
import { type Forecaster, predictWhole } from '../../../forecasting/models/forecaster.ts';
import { onlyRows, type Panel } from '../../../forecasting/panel/panel.ts';
import type { Fallback, FallbackReason } from './fallback.ts';
import { isServable, type Precomputed } from './precompute.ts';

/** Series id → why a baseline forecasts it. */
export type PerSeriesFallback = ReadonlyMap<string, Fallback>;

export interface PerSeriesFallbackRequest {
  readonly forecasts: Precomputed;
  readonly baseline: Forecaster;
  readonly panel: Panel;
  readonly cutoff: number;
  readonly horizon: number;
  readonly nonNegative: boolean;
  readonly before: PerSeriesFallback;
  readonly now: number;
}

/** Whether a baseline stands in for the model of one series, not of all. */
export const isPerSeries = (reason: string | null): reason is FallbackReason =>
  reason === 'FORECAST_OUT_OF_RANGE' || reason === 'FORECAST_UNUSABLE';

/** Series per turn of the event loop: a baseline is asked at some thirty cutoffs of each. */
const CHUNK = 64;

export async function fallBackPerSeries(
  request: PerSeriesFallbackRequest,
): Promise<{ forecasts: Precomputed; replaced: PerSeriesFallback }> {
  const { baseline, panel, cutoff, horizon, nonNegative, before, now } = request;
  const { implausible } = request.forecasts;
  const lost = [...request.forecasts.usable.keys()].filter(
    (series) => request.forecasts.usable[series] === 0,
  );
  if (lost.length === 0) return { forecasts: request.forecasts, replaced: new Map() };
  const values = request.forecasts.values.slice();
  const mean = request.forecasts.mean.slice();
  const usable = request.forecasts.usable.slice();
  const replaced = new Map<string, Fallback>();
  const quantiles = baseline.quantiles.length;
  const size = quantiles * horizon;
  for (let from = 0; from < lost.length; from += CHUNK) {
    const rows = lost.slice(from, from + CHUNK);
    const made = predictWhole(baseline, onlyRows(panel, rows), cutoff, horizon);
    for (const [row, series] of rows.entries()) {
      const one = made.values.subarray(row * size, (row + 1) * size);
      if (!isServable(one, quantiles, horizon, nonNegative)) continue;
      values.set(one, series * size);
      mean.set(made.mean.subarray(row * horizon, (row + 1) * horizon), series * horizon);
      usable[series] = 1;
      const id = panel.seriesIds[series] as string;
      const reason = implausible[series] === 1 ? 'FORECAST_OUT_OF_RANGE' : 'FORECAST_UNUSABLE';
      const earlier = before.get(id);
      replaced.set(id, earlier?.reason === reason ? earlier : { reason, since: now });
    }
    if (from + CHUNK < lost.length) await new Promise((resolve) => setImmediate(resolve));
  }
  return { forecasts: { values, mean, usable, implausible }, replaced };
}
