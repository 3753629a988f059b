/**
 * Purpose: turn computed numbers into the response a client reads.
 * Invariants: everything in one response comes from one Serving; step k is cutoff + k intervals,
 * closed days left out; timestamps are ISO UTC.
 * Fails: SERIES_UNKNOWN, SERIES_OF_ANOTHER_SHARD, HORIZON_INVALID, LEVEL_UNKNOWN,
 * EXOGENOUS_INVALID, HISTORY_TOO_SHORT (the series has too little recent history).
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Prediction } from '../../../forecasting/models/forecaster.ts';
import { isClosedDay, openSteps } from '../../../forecasting/panel/closed-days.ts';
import { onlyRows, type Panel, targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { seriesFlags } from '../../../forecasting/panel/series-flags.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { ForecastResponse, HistoryResponse } from '../openapi/forecast-schemas.ts';
import type { AdhocHistory } from '../prediction/adhoc-history.ts';
import { adhocForecast } from '../prediction/adhoc-history.ts';
import { overriddenColumns, type WhatIf, withOverrides } from '../prediction/overrides.ts';
import { computedByModel, type Predictor } from '../prediction/predictor.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { baselineVersion, type Fallback, type SeriesFlagEntry } from '../serving/fallback.ts';
import { judgeForecast, unknownInputs } from '../serving/precompute.ts';
import { missingSeries } from '../shards/missing-series.ts';
import { quantilesFor } from './levels.ts';

export const isoTime = (timestamp: number): string => new Date(timestamp).toISOString();

/** ISO 8601 duration of one interval. */
export const isoFrequency = (minutes: number): string =>
  minutes % 60 === 0 ? `PT${minutes / 60}H` : `PT${minutes}M`;

/**
 * Forecasts carry six significant digits: more would pretend to a precision that no forecast has.
 */
export const rounded = (value: number): number => Number(value.toPrecision(6));
/** Actuals carry the seven digits that 32 bits hold, so that whole counts stay whole. */
export const actual = (value: number): number | null =>
  Number.isNaN(value) ? null : Number(value.toPrecision(7));

/** Which part of a forecast is requested. */
export interface Asked {
  readonly horizon?: number | undefined;
  readonly levels?: readonly number[] | undefined;
  /** Number of recent actual values to return. */
  readonly history?: number | undefined;
}

/** The forecast of a stored series. */
export function storedResponse(
  serving: Serving,
  domain: Domain,
  seriesId: string,
  asked: Asked,
): ForecastResponse {
  const { snapshot, forecasts } = serving;
  const index = snapshot.indexOf.get(seriesId);
  if (index === undefined) throw missingSeries(snapshot, seriesId);
  // What is wrong with the request is reported before what is wrong with the series.
  const shape = shapeOf(serving, asked);
  if (forecasts.usable[index] === 0) throw tooFewValues(seriesId);
  const { panel, cutoff } = snapshot;
  const { history = 0 } = asked;
  const { modelVersion, unknown, flags, fallback } = storedStanding(serving, domain, index);
  return {
    ...columns(serving, domain, panel, cutoff, shape, forecasts, index),
    modelVersion,
    ...storedNames(serving, domain, seriesId),
    issuedAt: isoTime(serving.issuedAt),
    ...(history > 0 ? { history: recent(domain, panel, index, cutoff, history) } : {}),
    ...cautions(unknown, flags, fallback),
  };
}

/** The model of the stored forecast of a series, and reasons to trust it less. */
export function storedStanding(serving: Serving, domain: Domain, index: number) {
  const { panel, cutoff } = serving.snapshot;
  const replaced = serving.replaced.get(panel.seriesIds[index] as string);
  return {
    modelVersion: replaced ? baselineVersion(serving.baseline) : serving.model.card.modelVersion,
    unknown: replaced ? [] : serving.unknownInputs,
    flags: flagsOf(serving, domain, panel, index, cutoff, replaced),
    fallback: replaced ?? serving.fallback,
  };
}

/**
 * The forecasts of stored series if the exogenous columns were as the caller overrides: computed
 * now, by the model alone.
 */
export async function overriddenResponses(
  serving: Serving,
  domain: Domain,
  predictor: Predictor,
  seriesIds: readonly string[],
  whatIf: WhatIf,
  asked: Asked,
  now: number,
): Promise<ForecastResponse[]> {
  const { snapshot, model } = serving;
  const { card, forecaster } = model;
  const { cutoff } = snapshot;
  const rows = seriesIds.map((id) => {
    const index = snapshot.indexOf.get(id);
    if (index === undefined) throw missingSeries(snapshot, id);
    return index;
  });
  const shape = shapeOf(serving, asked);
  const panel = withOverrides(
    onlyRows(snapshot.panel, rows),
    forecaster.exogenous,
    cutoff,
    card.horizon,
    whatIf,
  );
  const unknown = unknownInputs(forecaster, panel, cutoff, seasonsOf(domain).day, card.horizon);
  // A baseline reads no such column: it cannot apply overrides.
  const made = await computedByModel(predictor, model, panel, cutoff);
  const quantiles = card.quantiles.length;
  const size = quantiles * card.horizon;
  return seriesIds.map((seriesId, row) => {
    const one = made.values.subarray(row * size, (row + 1) * size);
    if (
      judgeForecast(
        one,
        targetOf(panel, row),
        cutoff,
        { quantiles, horizon: card.horizon },
        domain,
      ) !== 'sound'
    )
      throw tooFewValues(seriesId);
    return {
      ...columns(serving, domain, panel, cutoff, shape, made, row),
      ...storedNames(serving, domain, seriesId),
      issuedAt: isoTime(now),
      whatIf: overriddenColumns(whatIf),
      ...cautions(unknown, flagsOf(serving, domain, panel, row, cutoff, null), serving.fallback),
    };
  });
}

const storedNames = ({ snapshot }: Serving, domain: Domain, seriesId: string) => ({
  seriesId,
  title: domain.seriesTitle(seriesId),
  snapshotVersion: snapshot.manifest.snapshotVersion,
});

export const tooFewValues = (seriesId: string): HeadwayError =>
  new HeadwayError(
    'HISTORY_TOO_SHORT',
    `series ${JSON.stringify(seriesId)} has too few recent values for a forecast`,
    {
      where: 'seriesId',
      fix: 'Wait for more data, or look for gaps in its recent history.',
    },
  );

/** Why a response is a fallback, as a member of it; no member if it is not a fallback. */
export const fallbackMember = (fallback: Fallback | null) =>
  fallback ? { fallback: { reason: fallback.reason, since: isoTime(fallback.since) } } : {};

/**
 * Empty if every input was known, the series is like those in training, and the model itself
 * forecasts.
 */
const cautions = (
  unknown: readonly string[],
  flags: readonly SeriesFlagEntry[],
  fallback: Fallback | null,
) => ({
  ...(unknown.length > 0 ? { unknownInputs: [...unknown] } : {}),
  ...(flags.length > 0 ? { flags: [...flags] } : {}),
  ...fallbackMember(fallback),
});

/** The flags of a series; `bounded` where the forecast of the model was beyond bounds. */
function flagsOf(
  { model }: Serving,
  domain: Domain,
  panel: Panel,
  series: number,
  cutoff: number,
  replaced: Fallback | null | undefined,
): SeriesFlagEntry[] {
  const flags = seriesFlags(model.forecaster, panel, series, cutoff, seasonsOf(domain));
  return replaced?.reason === 'FORECAST_OUT_OF_RANGE' ? [...flags, 'bounded'] : flags;
}

/** The forecast of a caller's ad-hoc history. No snapshot was used, so it names none. */
export async function adhocResponse(
  serving: Serving,
  domain: Domain,
  predictor: Predictor,
  history: AdhocHistory,
  whatIf: WhatIf | undefined,
  asked: Asked,
  now: number,
): Promise<ForecastResponse> {
  const shape = shapeOf(serving, asked);
  const { panel, cutoff, prediction, unknownInputs, fallbackFor } = await adhocForecast(
    serving,
    domain,
    predictor,
    history,
    whatIf,
  );
  const replaced = fallbackFor ? { reason: fallbackFor, since: now } : null;
  const seriesId = history.seriesId ?? null;
  return {
    ...columns(serving, domain, panel, cutoff, shape, prediction, 0),
    ...(replaced ? { modelVersion: baselineVersion(serving.baseline) } : {}),
    seriesId,
    title: seriesId === null ? null : domain.seriesTitle(seriesId),
    issuedAt: isoTime(now),
    snapshotVersion: null,
    ...(whatIf ? { whatIf: overriddenColumns(whatIf) } : {}),
    ...cautions(
      replaced ? [] : unknownInputs,
      flagsOf(serving, domain, panel, 0, cutoff, replaced),
      replaced ?? adhocFallback(serving.fallback),
    ),
  };
}

/**
 * For a caller's own values only the model can be a fallback: the age of the snapshot does not
 * matter.
 */
const adhocFallback = (fallback: Fallback | null): Fallback | null =>
  fallback && (fallback.reason === 'NO_CHAMPION' || fallback.reason === 'MODEL_UNAVAILABLE')
    ? fallback
    : null;

function columns(
  serving: Serving,
  domain: Domain,
  panel: Panel,
  cutoff: number,
  { steps, positions }: Shape,
  { values, mean }: Prediction,
  row: number,
) {
  const { card } = serving.model;
  const open = openSteps(panel, cutoff, card.horizon, domain.closedWeekdays).slice(0, steps);
  const column = (of: Float32Array, from: number) =>
    open.map((step) => rounded(of[from + step] as number));
  const quantiles: Record<string, number[]> = {};
  for (const q of positions) {
    const from = (row * card.quantiles.length + q) * card.horizon;
    quantiles[String(card.quantiles[q])] = column(values, from);
  }
  return {
    domain: domain.name,
    unit: domain.unit,
    cutoff: isoTime(timestampAt(panel, cutoff)),
    modelVersion: card.modelVersion,
    frequency: isoFrequency(panel.frequencyMinutes),
    horizon: open.length,
    timestamps: open.map((step) => isoTime(timestampAt(panel, cutoff + 1 + step))),
    point: 'median' as const,
    quantiles,
    mean: column(mean, row * card.horizon),
  };
}

interface Shape {
  readonly steps: number;
  /** Of the quantiles that are shown, in the model's list. */
  readonly positions: readonly number[];
}

export const shapeOf = (serving: Serving, { horizon, levels }: Asked): Shape => ({
  steps: checkedHorizon(serving, horizon),
  positions: quantilesFor(serving.model.card.quantiles, levels),
});

function checkedHorizon(serving: Serving, horizon: number | undefined): number {
  const most = serving.model.card.horizon;
  if (horizon === undefined) return most;
  if (Number.isInteger(horizon) && horizon >= 1 && horizon <= most) return horizon;
  throw new HeadwayError(
    'HORIZON_INVALID',
    `the model forecasts 1 to ${most} steps, not ${horizon}`,
    {
      where: 'horizon',
      fix: `Ask for a horizon from 1 to ${most}, or leave it out for all ${most}.`,
    },
  );
}

/** Actual values of the last `count` intervals, closed days left out. */
const recent = (
  domain: Domain,
  panel: Panel,
  series: number,
  cutoff: number,
  count: number,
): HistoryResponse => {
  const values = targetOf(panel, series);
  return historyOf(domain, panel, cutoff, count, (t) => values[t] as number);
};

/** The last `count` intervals, closed days left out. @param valueAt of a grid index */
export function historyOf(
  { closedWeekdays }: Domain,
  panel: Panel,
  cutoff: number,
  count: number,
  valueAt: (t: number) => number,
): HistoryResponse {
  const shown: number[] = [];
  for (let t = cutoff; t >= 0 && shown.length < count; t--)
    if (!isClosedDay(timestampAt(panel, t), closedWeekdays)) shown.unshift(t);
  return {
    timestamps: shown.map((t) => isoTime(timestampAt(panel, t))),
    values: shown.map((t) => actual(valueAt(t))),
  };
}
