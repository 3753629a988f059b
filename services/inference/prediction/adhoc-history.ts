/**
 * Purpose: a forecast from a caller's own recent values: checked, made into a panel of one series,
 * predicted together with what others ask.
 * Invariants: exactly the path the stored series take (same forecaster, same checks on its
 * forecast); null is unknown, never zero; the cutoff is the last value that is known; exogenous
 * columns are the caller's where they are given, else the snapshot's of the same time, unknown
 * outside it.
 * Fails: HISTORY_INVALID with the index of the value at fault; HISTORY_TOO_SHORT with the number
 * that is needed; SERIES_UNKNOWN or SERIES_OF_ANOTHER_SHARD for a seriesId that is not served.
 */
import type { Domain } from '../../../domains/domain.ts';
import { type Prediction, predictWhole } from '../../../forecasting/models/forecaster.ts';
import {
  createPanel,
  indexAt,
  type Panel,
  sharedWithin,
} from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { FallbackReason } from '../serving/fallback.ts';
import { isServable, judgeForecast, unknownInputs } from '../serving/precompute.ts';
import { ofAnotherShard } from '../shards/missing-series.ts';
import { type Columns, type WhatIf, withOverrides, withSuppliedColumns } from './overrides.ts';
import { computed, computedByModel, type Predictor, WorkerUnavailableError } from './predictor.ts';
import { sentStart, sentValue } from './sent-values.ts';

export interface AdhocHistory {
  readonly start: string;
  readonly values: readonly (number | null)[];
  readonly seriesId?: string;
  readonly exogenous?: Columns;
}

export interface AdhocForecast {
  readonly panel: Panel;
  readonly cutoff: number;
  /** Of the one series. */
  readonly prediction: Prediction;
  readonly unknownInputs: readonly string[];
  /** Why the baseline made the values; null where the model did. */
  readonly fallbackFor: FallbackReason | null;
}

/**
 * The id of a series that nobody named: in no snapshot, so a forecaster treats it as a stranger.
 */
const STRANGER = '(ad-hoc history)';

export async function adhocForecast(
  serving: Serving,
  domain: Domain,
  predictor: Predictor,
  history: AdhocHistory,
  whatIf: WhatIf | undefined,
): Promise<AdhocForecast> {
  const { forecaster, card } = serving.model;
  const stored = serving.snapshot.panel;
  requireServed(serving, history.seriesId);
  const start = sentStart(history.start, stored, {
    code: 'HISTORY_INVALID',
    where: 'history.start',
  });
  const sent = { code: 'HISTORY_INVALID', where: 'history.values' } as const;
  const target = Float32Array.from(history.values, (value, index) =>
    sentValue(value, index, domain.nonNegative, sent),
  );
  const cutoff = target.findLastIndex((value) => !Number.isNaN(value));
  if (cutoff + 1 < forecaster.minimumHistory) {
    throw new HeadwayError(
      'HISTORY_TOO_SHORT',
      `${forecaster.minimumHistory} values up to the last known one are needed; there are ` +
        `${cutoff + 1}`,
      {
        where: 'history.values',
        fix: `Send at least ${forecaster.minimumHistory} values; null stands for an unknown one.`,
      },
    );
  }
  const first = indexAt(stored, start);
  const bare = createPanel({
    seriesIds: [history.seriesId ?? STRANGER],
    start,
    frequencyMinutes: stored.frequencyMinutes,
    length: target.length,
    columns: { target },
    ...sharedWithin(stored, first, first + target.length + card.horizon),
  });
  const own = withSuppliedColumns(
    bare,
    forecaster.exogenous,
    card.horizon,
    history.exogenous ?? {},
  );
  const panel = withOverrides(own, forecaster.exogenous, cutoff, card.horizon, whatIf ?? {});
  const unknown = unknownInputs(forecaster, panel, cutoff, seasonsOf(domain).day, card.horizon);
  // A baseline reads no exogenous column: it cannot honour overrides.
  const prediction = whatIf
    ? await computedByModel(predictor, serving.model, panel, cutoff)
    : await computed(predictor, serving.model, panel, cutoff, 'asked').catch(nullIfGone);
  const shape = { quantiles: card.quantiles.length, horizon: card.horizon };
  const worth =
    prediction === null
      ? 'uncomputed'
      : judgeForecast(prediction.values, target, cutoff, shape, domain);
  if (prediction !== null && worth === 'sound')
    return { panel, cutoff, prediction, unknownInputs: unknown, fallbackFor: null };
  const instead = predictWhole(serving.baseline, panel, cutoff, card.horizon);
  if (!isServable(instead.values, shape.quantiles, shape.horizon, domain.nonNegative)) {
    throw new HeadwayError('HISTORY_INVALID', 'no usable forecast can be made from these values', {
      where: 'history.values',
      fix: 'Send more known values, in the unit that GET /v1/model names.',
    });
  }
  const fallbackFor =
    worth === 'implausible'
      ? 'FORECAST_OUT_OF_RANGE'
      : worth === 'uncomputed'
        ? 'WORKER_UNAVAILABLE'
        : 'FORECAST_UNUSABLE';
  return { panel, cutoff, prediction: instead, unknownInputs: unknown, fallbackFor };
}

function requireServed({ snapshot }: Serving, seriesId: string | undefined): void {
  if (seriesId === undefined || snapshot.indexOf.has(seriesId)) return;
  const other = ofAnotherShard(snapshot, seriesId);
  if (other !== null) throw other;
  throw new HeadwayError('SERIES_UNKNOWN', `there is no series ${JSON.stringify(seriesId)}`, {
    where: 'history.seriesId',
    fix:
      'Name a series of GET /v1/series, or leave seriesId out for a series the model ' +
      'has never seen.',
  });
}

/** null where nothing computes it at the moment. */
const nullIfGone = (error: unknown): null => {
  if (error instanceof WorkerUnavailableError) return null;
  throw error;
};
