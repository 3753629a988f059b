/**
 * Purpose: every forecast of one model on one snapshot, computed once, so that a request only
 * copies numbers.
 * Invariants: a series is `usable` only if all its numbers are finite, its quantiles do not cross,
 * it is not negative where the domain forbids that, and it does not lie beyond what the history of
 * the series allows; the event loop is given a turn between chunks.
 * Fails: MODEL_CORRUPT when the forecaster returns the wrong size (and, where asked, when not
 * one series is usable); HISTORY_TOO_SHORT when the snapshot holds fewer intervals than the
 * forecaster needs; MODEL_INCOMPATIBLE when it lacks an exogenous column that the forecaster reads.
 */
import { unknownColumns } from '../../../forecasting/features/exogenous.ts';
import {
  type Forecaster,
  type Prediction,
  predictWhole,
} from '../../../forecasting/models/forecaster.ts';
import { isWithin, plausibilityBounds } from '../../../forecasting/models/plausibility-bounds.ts';
import { hasColumn } from '../../../forecasting/panel/exogenous-columns.ts';
import { type Panel, seriesSlice, targetOf } from '../../../forecasting/panel/panel.ts';
import { type SeasonRules, seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../../platform/errors.ts';

/**
 * Series per turn of the event loop: some ten milliseconds of arithmetic. More at once would be a
 * fifth faster, and noticed by who waits.
 */
const CHUNK = 32;

export interface Precomputed extends Prediction {
  /** 1 where the series has a forecast that may be served. */
  readonly usable: Uint8Array;
  /** 1 where it is not, because the numbers lay beyond the bounds of the series' history. */
  readonly implausible: Uint8Array;
}

/** What a forecast is judged by. */
export interface ServingRules extends SeasonRules {
  readonly nonNegative: boolean;
}

/** True when one series' forecast, [quantile][step], is one that may be shown. */
export function isServable(
  values: Float32Array,
  quantiles: number,
  horizon: number,
  nonNegative: boolean,
): boolean {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]) || (nonNegative && values[i] < 0)) return false;
    if (i >= horizon && values[i] < values[i - horizon]) return false;
  }
  return values.length === quantiles * horizon;
}

/**
 * What one series' forecast is worth: shown, not a sound one, or beyond what the history of the
 * series allows.
 */
export function judgeForecast(
  values: Float32Array,
  history: Float32Array,
  cutoff: number,
  shape: { quantiles: number; horizon: number },
  rules: ServingRules,
): 'sound' | 'unusable' | 'implausible' {
  if (!isServable(values, shape.quantiles, shape.horizon, rules.nonNegative)) return 'unusable';
  return isWithin(plausibilityBounds(history, cutoff, seasonsOf(rules).week), values)
    ? 'sound'
    : 'implausible';
}

/**
 * The exogenous columns of which nothing is known at the cutoff, so that the forecaster reads their
 * usual value: stated with every forecast. A column that the snapshot does not have at all is
 * refused: a model must not be served without what it was built on.
 */
export function unknownInputs(
  forecaster: Forecaster,
  panel: Panel,
  cutoff: number,
  day: number,
  horizon: number,
): string[] {
  const names = forecaster.exogenous;
  if (names === undefined) return [];
  const missing = [...names.past, ...names.future].filter((name) => !hasColumn(panel, name));
  if (missing.length === 0) return unknownColumns(panel, names, cutoff, day, horizon);
  throw new HeadwayError(
    'MODEL_INCOMPATIBLE',
    `the model reads the exogenous column ${missing.join(', ')}, which the snapshot lacks`,
    {
      where: missing.join(', '),
      fix:
        'Run `headway features run --exogenous …` with the source of that column, or ' +
        'train or promote a model without it.',
    },
  );
}

/**
 * @param predict forecasts of some of the series, where this process is not to compute them itself
 * @param atOnce series per turn of the event loop; all, where nobody can be waiting for another
 * response
 */
export async function precompute(
  forecaster: Forecaster,
  panel: Panel,
  cutoff: number,
  horizon: number,
  rules: ServingRules,
  predict: (block: Panel) => Prediction | Promise<Prediction> = (block) =>
    predictWhole(forecaster, block, cutoff, horizon),
  atOnce = CHUNK,
): Promise<Precomputed> {
  if (cutoff + 1 < forecaster.minimumHistory) {
    throw new HeadwayError(
      'HISTORY_TOO_SHORT',
      `the snapshot holds ${historyText(panel, cutoff + 1)}; ${forecaster.name} needs ` +
        historyText(panel, forecaster.minimumHistory),
      {
        fix:
          'Run the feature service over a longer span, or promote a model that needs less ' +
          'history.',
      },
    );
  }
  const series = panel.seriesIds.length;
  const size = forecaster.quantiles.length * horizon;
  const values = new Float32Array(series * size);
  const mean = new Float32Array(series * horizon);
  const usable = new Uint8Array(series);
  const implausible = new Uint8Array(series);
  const shape = { quantiles: forecaster.quantiles.length, horizon };
  for (let from = 0; from < series; from += atOnce) {
    const to = Math.min(series, from + atOnce);
    const part = await predict(seriesSlice(panel, from, to));
    if (part.values.length !== (to - from) * size) {
      throw new HeadwayError(
        'MODEL_CORRUPT',
        `${forecaster.name} returned ${part.values.length} numbers for ${(to - from) * size}`,
        {
          fix: 'Roll back to the last good model.',
        },
      );
    }
    values.set(part.values, from * size);
    mean.set(part.mean, from * horizon);
    for (let s = from; s < to; s++) {
      const worth = judgeForecast(
        values.subarray(s * size, (s + 1) * size),
        targetOf(panel, s),
        cutoff,
        shape,
        rules,
      );
      usable[s] = worth === 'sound' ? 1 : 0;
      implausible[s] = worth === 'implausible' ? 1 : 0;
    }
    if (to < series) await new Promise((resolve) => setImmediate(resolve));
  }
  return { values, mean, usable, implausible };
}

/**
 * A model that has nothing to say of any series is no model. Of a few series (a shard) that proves
 * nothing: all may be dead.
 */
export function requireUsable(forecaster: Forecaster, { usable }: Precomputed): void {
  if (usable.length === 0 || usable.includes(1)) return;
  throw new HeadwayError('MODEL_CORRUPT', `${forecaster.name} gives no series a usable forecast`, {
    fix: 'Roll back to the last good model, or train again.',
  });
}

const historyText = ({ frequencyMinutes }: Panel, intervals: number): string =>
  `${Number(((intervals * frequencyMinutes) / 1440).toFixed(1))} days (${intervals} intervals)`;
