/**
 * Purpose: why a forecast is what it is, as the command line and the HTTP service both return it.
 * Invariants: the forecast that is explained is the one the forecaster gives at that cutoff;
 * nothing after the cutoff is read; numbers are not rounded, so that a reader can add them up;
 * closed days are not steps.
 * Fails: SERIES_UNKNOWN; USAGE for a cutoff off the grid or after the last observed interval;
 * HISTORY_TOO_SHORT for one with too little before it; MODEL_INCOMPATIBLE for a forecaster that has
 * no inputs to explain.
 */
import type { Domain } from '../../../domains/domain.ts';
import { similarDays } from '../../../forecasting/features/similar-days.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { explain, type PartName } from '../../../forecasting/models/network/explanation.ts';
import type { NetworkForecaster } from '../../../forecasting/models/network/forecaster.ts';
import { openSteps } from '../../../forecasting/panel/closed-days.ts';
import { indexAt, onlySeries, type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { ExplanationResponse } from '../openapi/explanation-schemas.ts';
import { isServable } from '../serving/precompute.ts';
import { missingSeries } from '../shards/missing-series.ts';
import { isoFrequency, isoTime } from './forecast-response.ts';

/** What each part is called where people read it. */
export const PART_TITLES: Readonly<Record<PartName, string>> = {
  typical: 'typical correction',
  recent: 'last two days',
  weeks: 'last weeks',
  calendar: 'calendar',
  exogenous: 'exogenous',
  series: 'series and its level',
  rounding: 'rounding',
};

const SIMILAR_DAYS = 5;

export interface ExplanationRequest {
  readonly domain: Domain;
  readonly forecaster: Forecaster;
  readonly modelVersion: string;
  readonly snapshotVersion: string;
  readonly panel: Panel;
  readonly seriesId: string;
  /** Grid index in the panel of the cutoff to explain; `cutoffIndex` makes one of a timestamp. */
  readonly cutoff: number;
  readonly horizon: number;
}

export function explanationResponse(request: ExplanationRequest): ExplanationResponse {
  const { domain, modelVersion, snapshotVersion, seriesId, cutoff, horizon } = request;
  const series = request.panel.seriesIds.indexOf(seriesId);
  if (series < 0) throw missingSeries({ shard: null }, seriesId);
  const panel = onlySeries(request.panel, series);
  const forecaster = explainable(request.forecaster);
  if (
    !isServable(
      forecaster.predict(panel, cutoff, horizon),
      forecaster.quantiles.length,
      horizon,
      domain.nonNegative,
    )
  ) {
    throw new HeadwayError(
      'HISTORY_TOO_SHORT',
      `series ${JSON.stringify(seriesId)} has too few recent values for a forecast`,
      {
        where: 'seriesId',
        fix: 'Ask for another cutoff, or look for gaps in its recent history.',
      },
    );
  }
  const { baseline, parts, forecast } = explain(forecaster, panel, 0, cutoff, horizon);
  const similar = similarDays({
    panel,
    series: 0,
    cutoff,
    horizon,
    ...seasonsOf(domain),
    place: { timeZone: domain.timeZone, holidays: domain.holidays },
    count: SIMILAR_DAYS,
  });
  const open = openSteps(panel, cutoff, horizon, domain.closedWeekdays);
  const shown = (values: ArrayLike<number>) => open.map((step) => values[step] as number);
  const summed = (values: readonly number[]) => ({
    values: shown(values),
    total: shown(values).reduce((a, b) => a + b, 0),
  });
  return {
    domain: domain.name,
    seriesId,
    title: domain.seriesTitle(seriesId),
    unit: domain.unit,
    cutoff: isoTime(timestampAt(panel, cutoff)),
    modelVersion,
    snapshotVersion,
    frequency: isoFrequency(panel.frequencyMinutes),
    horizon: open.length,
    timestamps: open.map((step) => isoTime(timestampAt(panel, cutoff + 1 + step))),
    baseline: summed(baseline),
    parts: parts.map(({ name, values }) => ({ name, title: PART_TITLES[name], ...summed(values) })),
    forecast: summed(forecast),
    similarDays: similar.map(({ cutoff: then, distance, next }) => ({
      cutoff: isoTime(timestampAt(panel, then)),
      distance,
      values: shown(next),
    })),
  };
}

/**
 * The grid index of a cutoff that was asked for.
 * @param last grid index of the last observed interval
 * @param needed intervals up to and including the cutoff
 */
export function cutoffIndex(panel: Panel, cutoff: number, last: number, needed: number): number {
  const index = indexAt(panel, cutoff);
  const wrong = (problem: string, fix: string) =>
    new HeadwayError('USAGE', `the cutoff ${problem}`, { where: 'cutoff', fix });
  if (!Number.isInteger(index)) {
    const before = isoTime(timestampAt(panel, Math.floor(index)));
    throw wrong(
      `is not the start of an interval of ${panel.frequencyMinutes} minutes`,
      `${before} is.`,
    );
  }
  if (index > last) {
    const latest = isoTime(timestampAt(panel, last));
    throw wrong(
      `lies after ${latest}, the last observed interval`,
      `Name ${latest} or an earlier one.`,
    );
  }
  if (index + 1 < needed) {
    throw new HeadwayError(
      'HISTORY_TOO_SHORT',
      `${needed} intervals up to the cutoff are needed; there are ${Math.max(0, index + 1)}`,
      {
        where: 'cutoff',
        fix:
          needed - 1 <= last
            ? 'The first cutoff that can be explained here is ' +
              `${isoTime(timestampAt(panel, needed - 1))}.`
            : 'Wait for more data, or let `headway explain` look through all of the history.',
      },
    );
  }
  return index;
}

/** The forecaster as one that can say what its inputs did. */
export function explainable(forecaster: Forecaster): NetworkForecaster {
  if ('predictStored' in forecaster) return forecaster as NetworkForecaster;
  throw new HeadwayError(
    'MODEL_INCOMPATIBLE',
    `forecasts of ${forecaster.name} cannot be explained`,
    {
      fix: 'Only a network has groups of inputs: promote or name one.',
    },
  );
}
